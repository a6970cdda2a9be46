#pragma once

#include <holdfast/row.hpp>
#include <holdfast/task.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace holdfast {

class runtime;

namespace detail {

/// Rows that are still to come, and the connection that they come on. Destroyed before their end,
/// it sees to it in the background that the connection is cleared or closed.
class stream_core {
public:
  virtual ~stream_core() = default;
  /// Hands the next batch to `rows`. False: there are no more, and the connection has gone back.
  virtual task<result<bool>> fetch(runtime& rt, row_sink& rows) = 0;
  virtual task<result<void>> close(runtime& rt) = 0;
  /// Its transaction has ended before it: what it was opened with is gone.
  [[nodiscard]] virtual bool cut_off() const noexcept { return false; }
};

using stream_ptr = std::unique_ptr<stream_core>;

/// The stream of a blocking caller. No core: all rows have come.
struct blocking_stream {
  stream_ptr core;
  runtime* background = nullptr;
  std::stop_token stop{};
};

result<bool> fetch_rows(const blocking_stream& from, row_sink& rows);
result<void> close_rows(const blocking_stream& from);

/// One batch of typed rows: filled by a fetch, emptied row by row.
template <class Row>
class row_batch final : public row_sink {
public:
  void columns(std::span<const column> cols) override {
    columns_ = cols;
    width_ = cols.size();
    clear(); // a retried opening begins anew
  }
  result<void> row(std::span<value> cells) override {
    auto decoded = decode_row(cells, columns_, rows_.emplace_back().fields);
    if (!decoded) rows_.pop_back();
    return decoded;
  }

  /// A result without rows has its columns checked, too.
  [[nodiscard]] result<void> check() const {
    constexpr std::size_t n = column_count<Row>();
    if (width_ != n) return wrong_column_count(n, width_);
    return {};
  }
  [[nodiscard]] bool empty() const noexcept { return next_ == rows_.size(); }
  [[nodiscard]] Row pop() {
    Row out = std::move(rows_[next_++].fields);
    if (empty()) clear(); // keeps the memory for the next batch
    return out;
  }
  void clear() noexcept {
    rows_.clear();
    next_ = 0;
  }

private:
  struct slot { // std::vector<bool> has no place to decode into
    Row fields{};
  };
  std::span<const column> columns_; // the driver's, until the statement ends
  std::size_t width_ = 0;
  std::vector<slot> rows_;
  std::size_t next_ = 0;
};

} // namespace detail

/// The rows of one statement, one by one, in bounded memory: a batch of at most 1,000 is held, and
/// fewer where rows are large.
///
///     for (auto& [id, name] : orders.stream<std::int64_t, std::string>("select …")) …
///
/// Holds a connection from its opening until its last row, its first error, `close`, or its end,
/// whichever comes first; it is not for keeping. Left early, the connection is cleared in the
/// background, or closed where that would take long. Keeps its database alive. Inside a transaction
/// nothing else can be asked of the transaction meanwhile.
///
/// The opening is retried as any call until the first rows have come; after that an error ends the
/// stream. The call's deadline holds for the opening and again for each wait for more rows.
///
/// One user at a time.
template <class Row>
class [[nodiscard]] row_stream {
public:
  row_stream(detail::blocking_stream from, detail::row_batch<Row> first) noexcept
      : from_{std::move(from)}, batch_{std::move(first)} {}

  /// The next row, or nullopt after the last. Throws database_error.
  std::optional<Row> next() { return try_next().value(); }
  /// As `next`; after an error, that error again.
  result<std::optional<Row>> try_next() {
    while (batch_.empty()) {
      if (failure_) return *failure_;
      if (!from_.core) return std::optional<Row>{};
      auto more = detail::fetch_rows(from_, batch_);
      if (!more) {
        batch_.clear();
        failure_ = std::make_unique<error>(std::move(more.error()));
      }
      if (!more || !*more) from_.core.reset();
    }
    return std::optional<Row>{batch_.pop()};
  }

  /// Ends it early and gives the connection back; waits at most a second for what is on its way.
  void close() {
    batch_.clear();
    if (from_.core) (void)detail::close_rows(from_);
    from_.core.reset();
  }

  /// For range-for, once: each step throws as `next`.
  class iterator {
  public:
    using value_type = Row;
    using difference_type = std::ptrdiff_t;

    explicit iterator(row_stream& from) : from_{&from} { ++*this; }
    Row& operator*() const noexcept { return *from_->current_; }
    Row* operator->() const noexcept { return &*from_->current_; }
    iterator& operator++() {
      from_->current_ = from_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !from_->current_; }

  private:
    row_stream* from_;
  };
  [[nodiscard]] iterator begin() { return iterator{*this}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
  detail::blocking_stream from_;
  detail::row_batch<Row> batch_;
  std::optional<Row> current_; // of the iterator
  std::unique_ptr<error> failure_;
};

} // namespace holdfast
