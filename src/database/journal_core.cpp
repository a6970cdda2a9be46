#include "database/journal_core.hpp"

#include "database/operation_key.hpp"
#include "database/value_codec.hpp"

#include <holdfast/fallback.hpp>

#include <algorithm>

namespace holdfast::detail {

namespace {

constexpr duration first_drain_pause = std::chrono::milliseconds{50};
constexpr duration longest_drain_pause = std::chrono::seconds{1};
constexpr duration longest_idle = std::chrono::minutes{10}; // between looks that nothing caused

} // namespace

bool may_queue(const error& e) noexcept {
  return is_unavailable(e) || e.code == errc::outcome_unknown;
}

drain_verdict judge_drain(const error& e) noexcept {
  // Of the surroundings, which a person mends: the write itself is as good as it was.
  if (e.code == errc::operation_table_missing || e.code == errc::unknown_database ||
      e.code == errc::read_only_transaction)
    return drain_verdict::wait;
  if (e.code == errc::implicit_commit) return drain_verdict::put_aside; // again would be twice
  // Nor is a write refused that may have taken effect, or that may be tried again as it is.
  const bool final = e.next == advice::fix_request || e.next == advice::give_up;
  if (e.effect != side_effect::none || !final) return drain_verdict::wait;
  switch (e.kind) {
  case category::constraint:
  case category::data:
  case category::request: return drain_verdict::put_aside;
  default: return drain_verdict::wait;
  }
}

duration drain_pause(std::uint32_t failures, std::uint64_t random) noexcept {
  const std::uint32_t doublings = std::min(failures > 0 ? failures - 1 : 0, 10U);
  const duration d = std::min(longest_drain_pause, first_drain_pause * (1 << doublings));
  return d - d * static_cast<duration::rep>(random % 1024) / 4096;
}

journal_core::journal_core(database_core& target, std::unique_ptr<journal_store> store,
                           journal_options options, std::function<std::int64_t()> wall)
    : target_{target}, store_{std::move(store)}, options_{std::move(options)},
      wall_{std::move(wall)} {}

task<result<void>> journal_core::open(runtime& rt) {
  auto found = co_await store_->totals(rt);
  if (!found) co_return std::move(found.error());
  {
    const std::lock_guard lock{mutex_};
    now_ = *found;
    ended_ = false;
  }
  drain_ = target_.background().fork();
  target_.background().spawn(drain(shared_from_this(), drain_));
  co_return result<void>{};
}

task<result<journaled>> journal_core::execute(runtime& rt, std::string_view key,
                                              const statement& what, std::source_location caller) {
  if (auto bad = key_problem(key)) co_return std::move(*bad);
  bool others_wait = false;
  {
    const std::lock_guard lock{mutex_};
    others_wait = now_.queued > 0;
  }
  if (others_wait) co_return co_await queue(rt, key, what, nullptr);
  const call_options how{.name = "journal", .operation_key = key, .fail_fast = true};
  auto done = co_await target_.execute(rt, what, nullptr, how, caller);
  if (done) co_return journaled::done;
  if (!may_queue(done.error())) co_return std::move(done.error());
  co_return co_await queue(rt, key, what, &done.error());
}

std::optional<error> journal_core::reserve(const journal_entry& e) {
  const std::lock_guard lock{mutex_};
  std::string full;
  if (stopped_) full = "the journal was closed";
  if (now_.queued >= static_cast<std::int64_t>(options_.max_queued))
    full = "the journal is full: it holds " + std::to_string(now_.queued) + " writes";
  else if (now_.bytes + room_of(e) > static_cast<std::int64_t>(options_.max_bytes))
    full = "the journal is full: it holds " + std::to_string(now_.bytes) + " bytes";
  if (!full.empty()) return make_error(errc::admission_refused, full + " (" + options_.file + ")");
  ++now_.queued;
  now_.bytes += room_of(e);
  if (now_.oldest == 0) now_.oldest = e.queued_at;
  return std::nullopt;
}

void journal_core::give_back(const journal_entry& e) {
  const std::lock_guard lock{mutex_};
  --now_.queued;
  now_.bytes -= room_of(e);
  if (now_.queued == 0) now_.oldest = 0;
  wake_all(); // whoever waits for an empty queue
}

/// `cause` is why it could not be sent, if that was tried: what a caller is told whose write the
/// journal cannot take either.
task<result<journaled>> journal_core::queue(runtime& rt, std::string_view key,
                                            const statement& what, const error* cause) {
  const auto beside_cause = [cause](error e) {
    if (!cause) return e;
    error both = *cause;
    if (e.effect != side_effect::none) both.effect = e.effect; // it may be in the file
    both.message += "; nor could it be queued: " + e.message;
    return both;
  };
  journal_entry e;
  e.key = key;
  e.text = what.sql;
  e.parameters = encode_values(what.parameters);
  e.queued_at = wall_();
  if (auto full = reserve(e)) co_return beside_cause(std::move(*full));
  auto kept = co_await store_->append(rt, e);
  if (!kept || *kept != appended::added) give_back(e);
  if (!kept) co_return beside_cause(std::move(kept.error()));
  if (*kept == appended::reused)
    co_return make_error(errc::operation_key_reused,
                         "another write waits in the journal under this operation key");
  if (*kept == appended::refused)
    co_return make_error(errc::operation_key_reused,
                         "a write under this operation key was refused by the server and put "
                         "aside; forget_refused lets it in again");
  const std::lock_guard lock{mutex_};
  wake_all();
  co_return journaled::queued;
}

void journal_core::wake_all() noexcept {
  ++changes_;
  for (waiter* w : waiting_) w->unpark();
}

task<wait_status> journal_core::wait_for_change(runtime& rt, deadline until, std::uint64_t seen) {
  waiter mine{rt};
  {
    const std::lock_guard lock{mutex_};
    if (changes_ != seen) co_return wait_status::ready;
    waiting_.push_back(&mine);
  }
  const wait_status woke = co_await rt.park(mine, until);
  const std::lock_guard lock{mutex_};
  waiting_.remove(&mine);
  co_return woke;
}

task<void> journal_core::drain(std::shared_ptr<journal_core> self, branch on) {
  runtime& rt = *on.home;
  while (!rt.cancelled()) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock{self->mutex_};
      seen = self->changes_;
    }
    const auto pause = co_await self->drain_one(rt);
    if (!pause)
      (void)co_await self->wait_for_change(rt, deadline::after(rt.now(), longest_idle), seen);
    else if (*pause > duration::zero())
      (void)co_await rt.sleep_until(rt.now() + *pause);
  }
  const std::lock_guard lock{self->mutex_};
  self->ended_ = true;
  self->wake_all();
}

/// Sends the first write, and gives how long to wait before the next; nothing if there was none.
task<std::optional<duration>> journal_core::drain_one(runtime& rt) {
  auto head = co_await store_->front(rt);
  if (head && !*head) co_return std::nullopt;
  std::optional<error> failure;
  if (!head) {
    failure = std::move(head.error());
  } else {
    {
      const std::lock_guard lock{mutex_};
      now_.oldest = (*head)->queued_at;
    }
    auto sent = co_await send(rt, **head);
    const error* why = sent ? nullptr : &sent.error();
    auto settled = co_await settle(rt, **head, why);
    if (settled) co_return duration::zero();
    failure = std::move(settled.error());
  }
  if (rt.cancelled()) co_return duration::zero();
  note(*failure);
  const std::lock_guard lock{mutex_};
  co_return drain_pause(++failures_, rt.random());
}

/// With its key: if it took effect before, and the program was killed before it could be removed
/// here, this gives the first result and does nothing.
task<result<void>> journal_core::send(runtime& rt, const journal_entry& e) {
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(options_.max_age).count();
  if (wall_() - e.queued_at > most)
    co_return make_error(errc::value_out_of_range,
                         "not sent: it waited longer than the journal's max_age. Whether it took "
                         "effect before, outcome_of its key tells");
  auto parameters = decode_values(e.parameters);
  if (!parameters) co_return std::move(parameters.error());
  const statement what{e.text, *parameters};
  const call_options how{
      .name = "journal.drain", .operation_key = e.key, .priority = priority::background};
  auto done = co_await target_.execute(rt, what, nullptr, how, std::source_location::current());
  if (!done) co_return std::move(done.error());
  co_return result<void>{};
}

/// Success once the write has left the queue; else why it stays.
task<result<void>> journal_core::settle(runtime& rt, const journal_entry& e, const error* failure) {
  if (failure && judge_drain(*failure) == drain_verdict::wait) co_return *failure;
  auto left = failure ? store_->put_aside(rt, e.id, to_string(*failure)) : store_->remove(rt, e.id);
  auto gone = co_await std::move(left);
  if (!gone) co_return gone;
  give_back(e);
  const std::lock_guard lock{mutex_};
  failures_ = 0;
  if (failure) {
    ++now_.refused;
    last_error_ = to_string(*failure);
  } else {
    ++drained_;
    last_error_.clear();
  }
  wake_all();
  co_return result<void>{};
}

void journal_core::note(const error& e) {
  const std::lock_guard lock{mutex_};
  last_error_ = to_string(e);
}

void journal_core::forgot_one() {
  const std::lock_guard lock{mutex_};
  --now_.refused;
}

journal_status journal_core::status() const {
  const std::int64_t wall = wall_();
  const std::lock_guard lock{mutex_};
  journal_status s;
  s.file = options_.file;
  s.queued = static_cast<std::uint64_t>(now_.queued);
  s.bytes = static_cast<std::uint64_t>(now_.bytes);
  if (now_.queued > 0)
    s.oldest = std::chrono::milliseconds{std::max<std::int64_t>(0, wall - now_.oldest)};
  s.drained = drained_;
  s.refused = static_cast<std::uint64_t>(now_.refused);
  s.last_error = last_error_;
  return s;
}

task<bool> journal_core::wait_until_empty(runtime& rt, deadline until) {
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock{mutex_};
      if (now_.queued == 0) co_return true;
      seen = changes_;
    }
    const wait_status woke = co_await wait_for_change(rt, until, seen);
    if (woke != wait_status::ready) co_return false;
  }
}

bool journal_core::stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

task<bool> journal_core::stop(runtime& rt, deadline until) {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  if (drain_.cancel) drain_.cancel();
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock{mutex_};
      if (ended_) co_return true;
      seen = changes_;
    }
    const wait_status woke = co_await wait_for_change(rt, until, seen);
    if (woke != wait_status::ready) co_return false;
  }
}

} // namespace holdfast::detail
