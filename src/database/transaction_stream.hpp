// The stream of a transaction: the connection is the transaction's, and so are its rules.
#pragma once

#include "database/transaction_core.hpp"

#include <utility>

namespace holdfast::detail {

/// Ends with its rows, with the savepoint that it was opened in, or with the transaction.
class transaction_stream final : public stream_core {
public:
  transaction_stream(transaction_core& tx, std::unique_ptr<open_rows> rows) noexcept
      : tx_{&tx}, rows_{std::move(rows)} {
    tx.stream_ = this;
  }
  transaction_stream(const transaction_stream&) = delete;
  transaction_stream& operator=(const transaction_stream&) = delete;
  ~transaction_stream() override;

  task<result<bool>> fetch(runtime& rt, row_sink& rows) override;
  task<result<void>> close(runtime& rt) override;
  [[nodiscard]] bool cut_off() const noexcept override { return !tx_; }

private:
  friend class transaction_core;
  /// The rows, if they have not ended.
  [[nodiscard]] std::unique_ptr<open_rows> leave() noexcept;

  transaction_core* tx_; // null once it has ended
  std::unique_ptr<open_rows> rows_;
};

} // namespace holdfast::detail
