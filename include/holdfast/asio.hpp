#pragma once

#include <holdfast/database.hpp>
#include <holdfast/runtime.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace holdfast {

class async_transaction;

namespace detail {

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

/// The same inside a running transaction, whose strand we are on.
template <class T>
boost::asio::awaitable<T> async_run_in(transaction_core& tx, maker<T> make) {
  const auto initiate = [](auto handler, transaction_core* core, maker<T> m) {
    using handler_type = decltype(handler);
    auto to = boost::asio::get_associated_executor(handler, strand_of(home_of(*core)));
    auto b = std::make_shared<bridge<T, handler_type>>(bridge<T, handler_type>{
        std::move(handler), boost::asio::make_work_guard(to), std::move(m)});
    boost::asio::dispatch(strand_of(home_of(*core)), [b, core] {
      start_here(bridge<T, handler_type>::run(home_of(*core), b));
    });
  };
  using token = const boost::asio::use_awaitable_t<>;
  return boost::asio::async_initiate<token, typename signature_of<T>::type>(
      initiate, boost::asio::use_awaitable, &tx, std::move(make));
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

/// An Asio callable `awaitable<R> fn(async_transaction&)` as a block.
template <class F>
class awaitable_block;

} // namespace detail

/// A running transaction inside the callable of an `async_database`; the rules of `transaction`.
/// Its verbs are awaited one at a time, on the executor that the callable runs on.
class async_transaction {
public:
  explicit async_transaction(std::shared_ptr<detail::database_core> db,
                             detail::transaction_core& core) noexcept
      : db_{std::move(db)}, core_{&core} {}
  async_transaction(const async_transaction&) = delete;
  async_transaction& operator=(const async_transaction&) = delete;

  template <class... Args>
  boost::asio::awaitable<std::uint64_t> execute(sql text, const Args&... args) {
    auto call = own(text, args...);
    return detail::async_run_in<std::uint64_t>(*core_, [this, call](runtime&) {
      return detail::count_rows(detail::run_in(*core_, call, nullptr));
    });
  }

  template <class... Ts, class... Args>
  boost::asio::awaitable<std::vector<row<Ts...>>> query(sql text, const Args&... args) {
    return fetch<typed_rows<row<Ts...>>, std::vector<row<Ts...>>>(text, args...);
  }

  template <class T, class... Args>
  boost::asio::awaitable<std::optional<T>> query_value(sql text, const Args&... args) {
    return fetch<typed_value<T>, std::optional<T>>(text, args...);
  }

  boost::asio::awaitable<void> script(sql text) {
    auto call = own(text);
    return detail::async_run_in<void>(
        *core_, [this, call](runtime&) { return detail::script_in(*core_, call); });
  }

  /// `fn` is `asio::awaitable<R>(async_transaction&)` and must outlive the call.
  template <class F>
  auto savepoint(F& fn);

private:
  template <class F>
  friend class detail::awaitable_block;

  template <class... Args>
  std::shared_ptr<detail::owned_call> own(const sql& text, const Args&... args) {
    const auto parameters = to_parameters(args...);
    return std::make_shared<detail::owned_call>(db_, call_options{}, text, parameters);
  }
  template <class Rows, class T, class... Args>
  boost::asio::awaitable<T> fetch(const sql& text, const Args&... args) {
    auto call = own(text, args...);
    auto rows = std::make_shared<Rows>();
    return detail::async_run_in<T>(*core_, [this, call, rows](runtime&) {
      return detail::collect<Rows, T>(detail::run_in(*core_, call, rows.get()), rows);
    });
  }

  std::shared_ptr<detail::database_core> db_;
  detail::transaction_core* core_;
};

namespace detail {

/// Waits for an awaitable from inside a task, on the same strand. Not ended by cancellation by
/// itself: the awaitable is told of it and ends, and only then do we go on.
template <class F>
class awaitable_block final : public block {
public:
  using R = typename std::invoke_result_t<F&, async_transaction&>::value_type;
  static_assert(std::is_void_v<R> || std::is_default_constructible_v<R>);

  awaitable_block(std::shared_ptr<database_core> db, F& fn) : db_{std::move(db)}, fn_{fn} {}

  task<void> run(transaction_core& tx) override {
    async_transaction handle{db_, tx};
    thrown_ = nullptr;
    co_await ended{*this, tx, handle};
    if (thrown_) std::rethrow_exception(thrown_);
  }
  [[nodiscard]] std::string result_text() const override {
    if constexpr (std::is_void_v<R> || !storable_result<R>)
      return "null";
    else
      return encode_result(value_);
  }
  bool restore(std::string_view text) override {
    if constexpr (std::is_void_v<R>)
      return true;
    else if constexpr (storable_result<R>)
      return decode_result(text, value_);
    else
      return false;
  }
  [[nodiscard]] auto take() {
    if constexpr (std::is_void_v<R>)
      return result<void>{};
    else
      return result<R>{std::move(value_)};
  }

private:
  struct ended {
    awaitable_block& self;
    transaction_core& tx;
    async_transaction& handle;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      auto& rt = home_of(tx);
      auto done = [this, h](std::exception_ptr e, auto... v) {
        self.thrown_ = e;
        if constexpr (sizeof...(v) == 1) self.value_ = (std::move(v), ...);
        h.resume();
      };
      boost::asio::co_spawn(
          strand_of(rt), self.fn_(handle),
          boost::asio::bind_cancellation_slot(inner_slot_of(rt), std::move(done)));
    }
    void await_resume() const noexcept {}
  };

  std::shared_ptr<database_core> db_;
  F& fn_;
  std::exception_ptr thrown_;
  std::conditional_t<std::is_void_v<R>, char, R> value_{};
};

template <class F>
task<result<typename awaitable_block<F>::R>>
transact_awaitable(runtime& rt, std::shared_ptr<database_core> core,
                   std::shared_ptr<owned_transaction> how, F& fn) {
  awaitable_block<F> body{core, fn};
  auto end = co_await transact_owned(rt, *how, body);
  end.rethrow_if_failed();
  co_return body.take();
}

template <class F>
task<result<typename awaitable_block<F>::R>>
savepoint_awaitable(std::shared_ptr<database_core> core, transaction_core& tx, F& fn) {
  awaitable_block<F> body{std::move(core), fn};
  auto end = co_await savepoint_in(tx, body);
  end.rethrow_if_failed();
  co_return body.take();
}

} // namespace detail

template <class F>
auto async_transaction::savepoint(F& fn) {
  using R = typename detail::awaitable_block<F>::R;
  return detail::async_run_in<R>(
      *core_, [this, &fn](runtime&) { return detail::savepoint_awaitable(db_, *core_, fn); });
}

/// A database inside an Asio program. The same verbs; each returns `asio::awaitable`, or what the
/// token of `with` makes. Operations run on a strand of their own on the executor, and complete on
/// the handler's.
///
/// Arguments are moved into the operation. Cancellation works by Asio's slots and must be emitted
/// on the operation's executor, as everywhere in Asio. A cheap handle; shares its pool with the
/// database that it came from.
///
/// g++ 12 frees some temporaries of a `co_await` expression twice: options are trivially
/// destructible for that reason; give callables a name, or let them capture by reference.
template <class Token>
class basic_async_database {
public:
  basic_async_database(std::shared_ptr<detail::database_core> core,
                       detail::any_io_executor executor, call_options options = {},
                       Token token = {})
      : core_{std::move(core)}, executor_{std::move(executor)}, options_{options},
        token_{std::move(token)} {}

  template <class... Args>
  auto execute(sql text, const Args&... args) const {
    auto call = own(text, args...);
    return start<std::uint64_t>(
        [call](runtime& rt) { return detail::count_rows(detail::run_owned(rt, call, nullptr)); });
  }

  template <class... Ts, class... Args>
  auto query(sql text, const Args&... args) const {
    return fetch<typed_rows<row<Ts...>>, std::vector<row<Ts...>>>(own(text, args...));
  }

  template <class T, class... Args>
  auto query_value(sql text, const Args&... args) const {
    return fetch<typed_value<T>, std::optional<T>>(own(text, args...));
  }

  auto script(sql text) const {
    auto call = own(text);
    return start<void>([call](runtime& rt) { return detail::script_owned(rt, call); });
  }

  /// Rows are moved into the operation; see `sql_verbs::insert_many`.
  template <std::ranges::input_range Rows>
  auto insert_many(sql table, std::initializer_list<std::string_view> columns, Rows rows) const {
    auto call = own(table);
    auto source = std::make_shared<Rows>(std::move(rows));
    std::vector<std::string> names{columns.begin(), columns.end()};
    return start<std::uint64_t>([call, source, names](runtime& rt) {
      const detail::make_row_source open = [source] {
        return std::make_unique<detail::range_source<Rows>>(*source);
      };
      return detail::insert_owned(rt, call, names, open);
    });
  }

  /// `fn` is `asio::awaitable<R>(async_transaction&)` with a default-constructible R, and must
  /// outlive the call. The rules of `database::transaction`.
  template <class F>
  auto transaction(F& fn, std::source_location caller = std::source_location::current()) const {
    return run_block(transaction_options{}, caller, fn);
  }
  template <class F>
    requires storable_result<typename detail::awaitable_block<F>::R>
  auto transaction(const transaction_options& options, F& fn,
                   std::source_location caller = std::source_location::current()) const {
    return run_block(options, caller, fn);
  }

  [[nodiscard]] auto outcome_of(std::string_view key_or_token) const {
    auto call = own(sql{key_or_token});
    return start<outcome>([call](runtime& rt) { return detail::outcome_owned(rt, call); });
  }

  /// Other options, and another completion token, for the calls through the view.
  [[nodiscard]] basic_async_database with(call_options options) const {
    return {core_, executor_, options, token_};
  }
  template <class Other>
  [[nodiscard]] basic_async_database<Other> with(call_options options, Other token) const {
    return {core_, executor_, options, std::move(token)};
  }
  template <class Other>
    requires(!std::convertible_to<Other, call_options>)
  [[nodiscard]] basic_async_database<Other> with(Other token) const {
    return {core_, executor_, options_, std::move(token)};
  }

  [[nodiscard]] database_status status() const { return blocking().status(); }
  /// The same database for plain threads.
  [[nodiscard]] database blocking() const { return database{core_}; }
  [[nodiscard]] const detail::any_io_executor& get_executor() const noexcept { return executor_; }

private:
  template <class... Args>
  std::shared_ptr<detail::owned_call> own(const sql& text, const Args&... args) const {
    const auto parameters = to_parameters(args...);
    return std::make_shared<detail::owned_call>(core_, options_, text, parameters);
  }
  template <class T>
  auto start(detail::maker<T> make) const {
    return detail::async_run<T>(executor_, core_, std::move(make), Token{token_});
  }
  template <class Rows, class T>
  auto fetch(std::shared_ptr<detail::owned_call> call) const {
    auto rows = std::make_shared<Rows>();
    return start<T>([call, rows](runtime& rt) {
      return detail::collect<Rows, T>(detail::run_owned(rt, call, rows.get()), rows);
    });
  }
  template <class F>
  auto run_block(const transaction_options& options, std::source_location caller, F& fn) const {
    using R = typename detail::awaitable_block<F>::R;
    auto how = std::make_shared<detail::owned_transaction>(core_, options, caller);
    return start<R>([core = core_, how, &fn](runtime& rt) {
      return detail::transact_awaitable(rt, core, how, fn);
    });
  }

  std::shared_ptr<detail::database_core> core_;
  detail::any_io_executor executor_;
  call_options options_;
  Token token_;
};

/// Verbs return `asio::awaitable`.
class async_database : public basic_async_database<boost::asio::use_awaitable_t<>> {
public:
  using basic_async_database::basic_async_database;
};

template <class Executor>
async_database database::async(const Executor& executor) const {
  return async_database{core_, detail::any_io_executor{executor}};
}

} // namespace holdfast
