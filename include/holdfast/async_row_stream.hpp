#pragma once

#include <holdfast/detail/async_run.hpp>
#include <holdfast/row_stream.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace holdfast {

namespace detail {

/// What a stream shares with its fetch that is under way.
template <class Row>
struct async_stream {
  any_io_executor executor;
  std::shared_ptr<database_core> db;
  transaction_core* tx = nullptr; ///< null: not of a transaction; gone once `core` is cut off
  stream_ptr core{};              ///< null: all rows have come
  row_batch<Row> batch{};
  std::unique_ptr<error> failure{};
};

template <class Row>
task<result<bool>> fetch_batch(runtime& rt, std::shared_ptr<async_stream<Row>> s) {
  auto more = co_await s->core->fetch(rt, s->batch);
  if (!more) {
    s->batch.clear();
    s->failure = std::make_unique<error>(more.error());
  }
  if (!more || !*more) s->core.reset();
  co_return more;
}

template <class Row>
task<result<void>> close_stream(runtime& rt, std::shared_ptr<async_stream<Row>> s) {
  (void)co_await s->core->close(rt);
  s->core.reset();
  co_return result<void>{};
}

} // namespace detail

/// As `row_stream`, awaited row by row: `while (auto row = co_await rows.next()) …`
///
/// Its verbs are awaited one at a time, inside coroutines of the executor that it was opened on.
template <class Row>
class async_row_stream {
public:
  async_row_stream() noexcept = default; ///< of no use but to be assigned to
  explicit async_row_stream(std::shared_ptr<detail::async_stream<Row>> shared) noexcept
      : shared_{std::move(shared)} {}
  async_row_stream(async_row_stream&&) noexcept = default;
  async_row_stream& operator=(async_row_stream&&) noexcept = default;

  /// The next row, or nullopt after the last. Throws database_error; the same again after that.
  boost::asio::awaitable<std::optional<Row>> next() {
    const auto s = shared_;
    while (s->batch.empty()) {
      if (s->failure) throw_error(*s->failure);
      if (!s->core) co_return std::nullopt;
      auto fetching = run<bool>([s](runtime& rt) { return detail::fetch_batch(rt, s); });
      (void)co_await std::move(fetching);
    }
    co_return s->batch.pop();
  }

  /// Ends it early and gives the connection back; waits at most a second for what is on its way.
  boost::asio::awaitable<void> close() {
    const auto s = shared_;
    s->batch.clear();
    if (!s->core) co_return;
    auto closing = run<void>([s](runtime& rt) { return detail::close_stream(rt, s); });
    co_await std::move(closing);
  }

private:
  template <class T>
  boost::asio::awaitable<T> run(detail::maker<T> make) {
    const bool inside = shared_->tx && !shared_->core->cut_off();
    if (inside) return detail::async_run_in<T>(*shared_->tx, std::move(make));
    return detail::async_run<T>(shared_->executor, shared_->db, std::move(make),
                                boost::asio::use_awaitable);
  }

  std::shared_ptr<detail::async_stream<Row>> shared_;
};

namespace detail {

template <class Row>
task<result<async_row_stream<Row>>> finish_opening(task<result<stream_ptr>> opening,
                                                   std::shared_ptr<async_stream<Row>> s) {
  auto opened = co_await std::move(opening);
  if (!opened) co_return std::move(opened.error());
  s->core = std::move(*opened);
  if (auto fits = s->batch.check(); !fits) co_return std::move(fits.error());
  co_return async_row_stream<Row>{s};
}

} // namespace detail

} // namespace holdfast
