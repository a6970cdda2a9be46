#include "chaos/link.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace holdfast::chaos {
namespace {

using namespace std::chrono_literals;

constexpr duration connect_limit = 5s;
constexpr duration leave_limit = 100ms;
constexpr std::size_t shaped_chunk = 16UL * 1024; // small, so that a rule's changes are soon felt
constexpr std::size_t most_queued = 64;           // chunks that wait for their time
constexpr int turns = 16;                         // reads before others get their turn

} // namespace

/// Every wait ends with the service at the latest; this is for those that nothing else limits.
deadline link::far_off() { return deadline::after(around_.rt.now(), 24h); }

task<void> link::serve() {
  const auto self = shared_from_this();
  settle();
  // In a black hole nobody is at the other end either.
  while (!over_ && talk_.held(side::client) && talk_.held(side::server))
    co_await sleep(side::client, far_off());
  if (over_) co_return;
  const auto until = deadline::after(around_.rt.now(), connect_limit);
  auto connected = co_await connect_to(around_.rt, around_.server, until);
  if (!connected || over_) {
    abort(client_);
    co_return;
  }
  server_ = *std::move(connected);
  around_.ready.watch(client_, 2 * number_);
  around_.ready.watch(server_, 2 * number_ + 1);
  pumps_ = 2;
  around_.rt.spawn(pump_beside(self, side::server));
  co_await pump(side::client);
  if (--pumps_ == 0) co_return;
  waiter w{around_.rt};
  last_pump_ = &w;
  co_await around_.rt.park(w, far_off());
  last_pump_ = nullptr;
}

task<void> link::pump_beside(std::shared_ptr<link> self, side who) {
  co_await self->pump(who);
  --self->pumps_;
  if (self->last_pump_) self->last_pump_->unpark();
}

/// What `who` sends, until it has no more to say or the connection is over.
task<void> link::pump(side who) {
  auto& rt = around_.rt;
  auto& queue = talk_.queue(who);
  while (!over_ && !rt.cancelled()) {
    if (!queue.empty() && queue.front().due <= rt.now()) {
      co_await write_front(who);
      continue;
    }
    const auto until = queue.empty() ? far_off() : deadline{queue.front().due};
    if (queue.empty() && told_end_[index(who)] && source_ended_[index(who)]) co_return;
    const bool full = queue.size() >= most_queued;
    const bool may_read = !source_ended_[index(who)] && !talk_.held(who) && !full;
    if (may_read && readable_[index(who)]) {
      if (read_on(who) == progress::more) co_await rt.sleep_until(rt.now()); // others have a turn
      continue;
    }
    reading_[index(who)] = may_read;
    co_await sleep(who, until);
    reading_[index(who)] = false;
  }
}

/// Where nothing stands in the way, bytes go through without waking the pump.
void link::arrived(side who, bool ending) {
  readable_[index(who)] = true;
  ending_[index(who)] = ending_[index(who)] || ending;
  if (!reading_[index(who)]) return;
  if (talk_.queue(who).empty() && talk_.unruled() && read_on(who) == progress::nothing) return;
  if (asleep_[index(who)]) asleep_[index(who)]->unpark();
}

/// Reads and forwards as long as there is something and nothing stands in the way.
link::progress link::read_on(side who) {
  auto got = progress::more;
  for (int turn = 0; turn < turns && got == progress::more; ++turn) got = read_once(who);
  return got;
}

link::progress link::read_once(side who) {
  const auto now = around_.rt.now();
  const auto room = talk_.unruled() ? around_.scratch.size() : shaped_chunk;
  const auto n = ::recv(from(who).get(), around_.scratch.data(), room, MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EINTR) return progress::more;
    readable_[index(who)] = false;
    if (errno == EAGAIN) return progress::nothing;
    broken();
    return progress::changed;
  }
  const std::string_view bytes{around_.scratch.data(), static_cast<std::size_t>(n)};
  if (n == 0) {
    source_ended_[index(who)] = true;
    talk_.finish(who, now);
  } else if (talk_.feed(who, now, bytes)) {
    forward(who, bytes);
    if (over_ || !talk_.queue(who).empty()) return progress::changed;
    // After a short read there is nothing more: to ask would be one call more for each message.
    if (bytes.size() == room || ending_[index(who)]) return progress::more;
    readable_[index(who)] = false;
    return progress::nothing;
  }
  settle();
  return progress::changed;
}

/// Writes what the receiver takes at once; the rest is queued.
void link::forward(side who, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(to(who).get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return broken();
    if (n < 0) break;
    around_.bytes[index(who)] += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (!bytes.empty()) talk_.queue(who).push_back({around_.rt.now(), std::string{bytes}});
}

task<void> link::write_front(side who) {
  auto& queue = talk_.queue(who);
  const piece now = std::move(queue.front());
  queue.pop_front();
  writing_[index(who)] = true;
  co_await write(who, now.bytes);
  if (now.then == ending::reset && !over_) co_await let_it_leave(to(who));
  writing_[index(who)] = false;
  carry_out(who, now.then);
}

task<void> link::write(side who, const std::string& bytes) {
  std::string_view rest = bytes;
  while (!rest.empty() && !over_) {
    const auto n = ::send(to(who).get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      around_.bytes[index(who)] += static_cast<std::uint64_t>(n);
      rest.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return broken();
    const auto until = far_off();
    const auto waited = co_await around_.rt.wait(to(who).get(), io::write, until);
    if (waited == wait_status::cancelled) co_return;
  }
}

/// A reset throws away what the kernel has not sent yet.
task<void> link::let_it_leave(const socket_handle& s) {
  const auto until = deadline::after(around_.rt.now(), leave_limit);
  while (unsent(s) > 0 && !until.expired(around_.rt.now()) && !around_.rt.cancelled())
    co_await around_.rt.sleep_until(around_.rt.now() + 1ms);
}

/// Until the time, or until something has changed.
task<void> link::sleep(side who, deadline until) {
  waiter w{around_.rt};
  asleep_[index(who)] = &w;
  co_await around_.rt.park(w, until);
  asleep_[index(who)] = nullptr;
}

/// After any change of the conversation: tells what was done, carries out endings whose time has
/// come where nothing stands before them, and wakes the pumps.
void link::settle() {
  for (const auto& r : talk_.take_records()) around_.record(r);
  for (const side who : {side::client, side::server}) {
    auto& queue = talk_.queue(who);
    while (!queue.empty() && !writing_[index(who)] && queue.front().bytes.empty() &&
           queue.front().due <= around_.rt.now()) {
      const auto how = queue.front().then;
      queue.pop_front();
      carry_out(who, how);
    }
  }
  for (auto* w : asleep_)
    if (w) w->unpark();
}

void link::carry_out(side who, ending how) {
  if (over_) return;
  switch (how) {
  case ending::none: return;
  case ending::end_of_stream:
    told_end_[index(who)] = true;
    if (to(who)) ::shutdown(to(who).get(), SHUT_WR);
    return;
  case ending::close:
    over_ = true;
    shut(client_);
    shut(server_);
    break;
  case ending::reset:
    over_ = true;
    abort(client_);
    abort(server_);
    break;
  }
  for (auto* w : asleep_)
    if (w) w->unpark();
}

/// One side has gone in bad order: so it does for the other.
void link::broken() { carry_out(side::client, ending::reset); }

void link::add(const std::shared_ptr<live_rule>& rule) {
  talk_.add(rule, around_.rt.now());
  settle();
}

void link::remove(std::uint32_t rule) {
  talk_.remove(rule, around_.rt.now());
  settle();
}

void link::reset() { broken(); }

} // namespace holdfast::chaos
