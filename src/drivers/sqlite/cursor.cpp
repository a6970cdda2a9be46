#include "drivers/sqlite/cursor.hpp"

#include <utility>

namespace holdfast::drivers::sqlite {

task<result<bool>> connection::cursor::fetch(runtime& rt, row_sink& rows, deadline until) {
  if (ended_) co_return false;
  work_.give_to(rows);
  auto batch = on_.next_batch(rt, work_, until, first_);
  auto driven = co_await std::move(batch);
  ended_ = !driven || *driven == progress::done;
  if (!driven) co_return std::move(driven).error();
  co_return !ended_;
}

task<result<void>> connection::cursor::close(runtime& rt, deadline) {
  if (std::exchange(ended_, true)) co_return result<void>{};
  auto end = [this] { return work_.stop(); };
  auto ending = rt.offload(end);
  auto stopped = co_await std::move(ending);
  if (!stopped) co_return on_.located(std::move(stopped).error());
  co_return stopped;
}

task<result<cursor_ptr>> connection::open_rows(runtime&, statement what, deadline) {
  cursor_ptr opened = std::make_unique<cursor>(*this, what);
  co_return opened;
}

} // namespace holdfast::drivers::sqlite
