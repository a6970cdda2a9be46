#pragma once

#include <holdfast/async_row_stream.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace holdfast {

class async_transaction;

namespace detail {

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

  /// Until its end, nothing else can be asked of the transaction.
  template <class... Ts, class... Args>
  boost::asio::awaitable<async_row_stream<row<Ts...>>> stream(sql text, const Args&... args) {
    using Row = row<Ts...>;
    auto call = own(text, args...);
    auto s = std::make_shared<detail::async_stream<Row>>(
        detail::async_stream<Row>{detail::strand_of(detail::home_of(*core_)), db_, core_});
    return detail::async_run_in<async_row_stream<Row>>(*core_, [this, call, s](runtime&) {
      return detail::finish_opening<Row>(detail::open_in(*core_, call, s->batch), s);
    });
  }

  boost::asio::awaitable<void> script(sql text) {
    auto call = own(text);
    return detail::async_run_in<void>(
        *core_, [this, call](runtime&) { return detail::script_in(*core_, call); });
  }

  /// `fn` is `asio::awaitable<R>(async_transaction&)` and must outlive the call. Cancelling what
  /// awaits it cancels `fn`; the savepoint is undone, and the transaction goes on.
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

  /// `nested`: of a savepoint; null: of a whole transaction, which its runtime cancels.
  awaitable_block(std::shared_ptr<database_core> db, F& fn,
                  std::shared_ptr<nested_cancellation> nested = nullptr)
      : db_{std::move(db)}, fn_{fn}, nested_{std::move(nested)} {}

  task<void> run(transaction_core& tx) override {
    async_transaction handle{db_, tx};
    thrown_ = nullptr;
    if (nested_ && nested_->told)
      throw boost::system::system_error{boost::asio::error::operation_aborted};
    // Perhaps because its context goes: then nobody expects it to be called, nor may it still be.
    if (home_of(tx).cancelled())
      throw_error(wait_error(wait_status::cancelled, "about to begin the block"));
    over_ = false;
    co_await ended{*this, tx, handle};
    if (thrown_) std::rethrow_exception(thrown_);
    if (!over_) throw boost::system::system_error{boost::asio::error::operation_aborted};
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
      auto work = self.fn_(handle);
      auto done = [this, go_on = resumption{rt, h}](std::exception_ptr e, auto... v) mutable {
        self.thrown_ = e;
        if constexpr (sizeof...(v) == 1) self.value_ = (std::move(v), ...);
        self.over_ = true;
        go_on();
      };
      const auto slot = self.nested_ ? self.nested_->signal.slot() : inner_slot_of(rt);
      try {
        boost::asio::co_spawn(strand_of(rt), std::move(work),
                              boost::asio::bind_cancellation_slot(slot, std::move(done)));
      } catch (...) { // no memory; `done` went uncalled, which resumes us
        self.thrown_ = std::current_exception();
      }
    }
    void await_resume() const noexcept {}
  };

  std::shared_ptr<database_core> db_;
  F& fn_;
  std::shared_ptr<nested_cancellation> nested_;
  std::exception_ptr thrown_;
  bool over_ = false; // it ended; else it was destroyed
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
savepoint_awaitable(std::shared_ptr<database_core> core, transaction_core& tx, F& fn,
                    std::shared_ptr<nested_cancellation> nested) {
  awaitable_block<F> body{std::move(core), fn, std::move(nested)};
  auto end = co_await savepoint_in(tx, body);
  end.rethrow_if_failed();
  co_return body.take();
}

} // namespace detail

template <class F>
auto async_transaction::savepoint(F& fn) {
  using R = typename detail::awaitable_block<F>::R;
  const auto nested = std::make_shared<detail::nested_cancellation>();
  return detail::async_run_in<R>(
      *core_,
      [this, &fn, nested](runtime&) {
        return detail::savepoint_awaitable(db_, *core_, fn, nested);
      },
      nested);
}

} // namespace holdfast
