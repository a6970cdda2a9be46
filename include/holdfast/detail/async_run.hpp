// How a task of the library runs as one asynchronous operation of Asio. Promises nothing to users.
#pragma once

#include <holdfast/database.hpp>
#include <holdfast/runtime.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::detail {

using boost::asio::any_io_executor;

/// Starts `body` on a strand of `executor`. Cancellation through `slot` ends the operation's waits.
void start_async(const any_io_executor& executor, std::shared_ptr<database_core> core,
                 std::function<task<void>(runtime&)> body, boost::asio::cancellation_slot slot);
/// The strand on which a runtime made by `start_async` runs its coroutine.
[[nodiscard]] const any_io_executor& strand_of(runtime& rt) noexcept;
/// Emits when that operation is cancelled: for what its user's code runs inside it.
[[nodiscard]] boost::asio::cancellation_slot inner_slot_of(runtime& rt) noexcept;
/// Starts a chain of coroutines here and now, on a strand that is running.
void start_here(task<void> work);

struct visit;

/// Resumes a coroutine that waits for code of the user's on the same strand: when called, or when
/// destroyed uncalled, as that code is when its context goes.
class resumption {
public:
  /// `rt`: one made by `start_async`.
  resumption(runtime& rt, std::coroutine_handle<> waits);
  resumption(resumption&& other) noexcept : visit_{std::exchange(other.visit_, nullptr)} {}
  resumption& operator=(resumption&&) = delete;
  ~resumption();
  void operator()();

private:
  visit* visit_;
};

/// A call with its texts and parameters owned: it outlives the expression that made it.
struct owned_call {
  std::shared_ptr<database_core> core;
  call_options options; // its views point into the strings below
  std::string text;
  std::string name;
  std::string key;
  std::string trace_id;
  std::source_location caller;
  std::vector<value> parameters;
  statement what; // looks at text and parameters

  owned_call(std::shared_ptr<database_core> c, const call_options& o, const sql& s,
             std::span<const value> p);
  owned_call(const owned_call&) = delete;
  owned_call& operator=(const owned_call&) = delete;
};

using owned_call_ptr = std::shared_ptr<owned_call>;

/// The same for a transaction.
struct owned_transaction {
  std::shared_ptr<database_core> core;
  transaction_options options; // its views point into the strings below
  std::string name;
  std::string key;
  std::string trace_id;
  std::source_location caller;

  owned_transaction(std::shared_ptr<database_core> c, const transaction_options& o,
                    std::source_location where);
  owned_transaction(const owned_transaction&) = delete;
  owned_transaction& operator=(const owned_transaction&) = delete;
};

// The maker of such a task keeps the call until the task has ended.
task<result<statement_result>> run_owned(runtime& rt, owned_call_ptr call, row_sink* rows);
task<result<void>> script_owned(runtime& rt, owned_call_ptr call);
task<result<std::uint64_t>> insert_owned(runtime& rt, owned_call_ptr call,
                                         std::vector<std::string> columns, make_row_source rows);
task<result<outcome>> outcome_owned(runtime& rt, owned_call_ptr call);
task<block_end> transact_owned(runtime& rt, const owned_transaction& how, block& body);
task<result<statement_result>> run_in(transaction_core& tx, owned_call_ptr call, row_sink* rows);
task<result<void>> script_in(transaction_core& tx, owned_call_ptr call);
task<result<stream_ptr>> open_owned(runtime& rt, owned_call_ptr call, row_sink& first);
task<result<stream_ptr>> open_in(transaction_core& tx, owned_call_ptr call, row_sink& first);
task<block_end> savepoint_in(transaction_core& tx, block& body);
[[nodiscard]] runtime& home_of(transaction_core& tx) noexcept;

template <class T>
using maker = std::function<task<result<T>>(runtime&)>;

template <class T>
struct signature_of {
  using type = void(std::exception_ptr, T);
};
template <>
struct signature_of<void> {
  using type = void(std::exception_ptr);
};

/// Calls an Asio handler once, on its executor, with a result.
template <class Handler, class T>
void complete(Handler handler, boost::asio::cancellation_slot slot, result<T> r,
              std::exception_ptr thrown) {
  if (slot.is_connected()) slot.clear();
  if (!r && !thrown) {
    try {
      throw_error(std::move(r.error()));
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  if constexpr (std::is_void_v<T>) {
    std::move(handler)(thrown);
  } else {
    if (thrown)
      std::move(handler)(thrown, T{});
    else
      std::move(handler)(nullptr, std::move(*r));
  }
}

/// The coroutine between a task and a handler: posts the completion, never calls it inline.
template <class T, class Handler>
struct bridge {
  Handler handler;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler, any_io_executor>>
      guard; // the handler's context does not run out of work meanwhile
  maker<T> make;

  static task<void> run(runtime& rt, std::shared_ptr<bridge> self) {
    std::optional<result<T>> answer;
    std::exception_ptr thrown;
    try {
      task<result<T>> work = self->make(rt);
      answer.emplace(co_await std::move(work));
    } catch (...) {
      thrown = std::current_exception();
      answer.emplace(make_error(errc::user_exception, "the operation threw"));
    }
    const auto slot = boost::asio::get_associated_cancellation_slot(self->handler);
    const auto executor = self->guard.get_executor();
    boost::asio::post(executor, [self, slot, r = std::move(*answer), thrown]() mutable {
      complete<Handler, T>(std::move(self->handler), slot, std::move(r), thrown);
    });
  }
};

template <class T, class Token>
auto async_run(const any_io_executor& executor, std::shared_ptr<database_core> core, maker<T> make,
               Token&& token) {
  const auto initiate = [](auto handler, any_io_executor ex, std::shared_ptr<database_core> c,
                           maker<T> m) {
    using handler_type = decltype(handler);
    auto to = boost::asio::get_associated_executor(handler, ex);
    const auto slot = boost::asio::get_associated_cancellation_slot(handler);
    auto b = std::make_shared<bridge<T, handler_type>>(bridge<T, handler_type>{
        std::move(handler), boost::asio::make_work_guard(to), std::move(m)});
    start_async(
        ex, std::move(c), [b](runtime& rt) { return bridge<T, handler_type>::run(rt, b); }, slot);
  };
  return boost::asio::async_initiate<Token, typename signature_of<T>::type>(
      initiate, token, executor, std::move(core), std::move(make));
}

/// Cancels what the user's code runs inside a savepoint. A slot has room for one handler, so the
/// enclosing block's cannot serve for this one, too. On the strand.
struct nested_cancellation {
  boost::asio::cancellation_signal signal;
  bool told = false; ///< perhaps before that code began

  void tell(boost::asio::cancellation_type how) {
    told = told ||
           (how & boost::asio::cancellation_type::terminal) != boost::asio::cancellation_type::none;
    signal.emit(how);
  }
};

/// The same inside a running transaction, whose strand we are on. What is awaited ends by itself:
/// only `nested`, if given, hears of a cancellation.
template <class T>
boost::asio::awaitable<T> async_run_in(transaction_core& tx, maker<T> make,
                                       std::shared_ptr<nested_cancellation> nested = nullptr) {
  const auto initiate = [](auto handler, transaction_core* core, maker<T> m,
                           std::shared_ptr<nested_cancellation> inner) {
    using handler_type = decltype(handler);
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (inner && slot.is_connected())
      slot.assign([inner](boost::asio::cancellation_type how) { inner->tell(how); });
    auto to = boost::asio::get_associated_executor(handler, strand_of(home_of(*core)));
    auto b = std::make_shared<bridge<T, handler_type>>(bridge<T, handler_type>{
        std::move(handler), boost::asio::make_work_guard(to), std::move(m)});
    boost::asio::dispatch(strand_of(home_of(*core)), [b, core] {
      start_here(bridge<T, handler_type>::run(home_of(*core), b));
    });
  };
  using token = const boost::asio::use_awaitable_t<>;
  return boost::asio::async_initiate<token, typename signature_of<T>::type>(
      initiate, boost::asio::use_awaitable, &tx, std::move(make), std::move(nested));
}

template <class Sink, class T>
task<result<T>> collect(task<result<statement_result>> work, std::shared_ptr<Sink> rows) {
  auto done = co_await std::move(work);
  if (!done) co_return std::move(done.error());
  co_return rows->take();
}

inline task<result<std::uint64_t>> count_rows(task<result<statement_result>> work) {
  auto done = co_await std::move(work);
  if (!done) co_return std::move(done.error());
  co_return done->rows_affected;
}

} // namespace holdfast::detail
