#pragma once

#include "drivers/mysql/connection.hpp"

namespace holdfast::drivers::mysql {

/// One statement whose rows are fetched by and by. Its statement stays in the cache while it lives:
/// only another statement could push it out.
class connection::cursor final : public row_cursor {
public:
  cursor(connection& on, prepared_statement& s, const statement& what, situation now);
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;
  ~cursor() override;

  task<result<bool>> fetch(runtime& rt, row_sink& rows, deadline until) override;
  task<result<void>> close(runtime& rt, deadline until) override;

private:
  int take_batch(int ready);
  task<result<bool>> finish(runtime& rt, deadline until);

  connection& on_;
  prepared_statement& s_;
  const std::uint32_t batch_;
  reception got_;
  situation now_;
  std::uint32_t given_ = 0;
  bool announced_ = false;
  bool ended_ = false;
};

} // namespace holdfast::drivers::mysql
