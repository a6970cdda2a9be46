#pragma once

#include "drivers/sqlite/connection.hpp"

namespace holdfast::drivers::sqlite {

/// One statement between its steps: SQLite computes rows as they are asked for.
class connection::cursor final : public row_cursor {
public:
  cursor(connection& on, const statement& what)
      : on_{on}, work_{on.handle_, on.session_, what, nullptr} {}

  task<result<bool>> fetch(runtime& rt, row_sink& rows, deadline until) override;
  /// Waits for no lock, so it is not bound to the deadline.
  task<result<void>> close(runtime& rt, deadline until) override;

private:
  connection& on_;
  execution work_;
  bool first_ = true;
  bool ended_ = false;
};

} // namespace holdfast::drivers::sqlite
