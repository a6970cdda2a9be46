#pragma once

#include "drivers/postgres/connection.hpp"

namespace holdfast::drivers::postgres {

/// One statement in libpq's single-row mode. Its statement stays in the cache while it lives: only
/// another statement could push it out.
class connection::cursor final : public row_cursor {
public:
  cursor(connection& on, const prepared_statement& s, const statement& what, situation now);
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;
  ~cursor() override;

  task<result<bool>> fetch(runtime& rt, row_sink& rows, deadline until) override;
  task<result<void>> close(runtime& rt, deadline until) override;

private:
  error cut_short(error e);
  error fail(error e);
  result<bool> finish();

  connection& on_;
  statement what_;
  receiving to_;
  reception got_;
  situation now_;
  bool drops_statements_;
  bool ended_ = false;
};

} // namespace holdfast::drivers::postgres
