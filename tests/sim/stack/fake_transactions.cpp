// How the fake engine's transactions begin, end, and are asked for afterwards.
#include "sim/stack/fake_engine.hpp"

#include <chrono>

namespace holdfast::testing {

using namespace std::chrono_literals;
using drivers::transaction_status;

task<result<void>> fake_connection::begin(runtime& rt, drivers::begin_options how, deadline until) {
  result<void> done;
  if (!how.with_next) { // else it leaves with the statement
    auto arrived = co_await round_trip(rt, until);
    done = std::move(arrived);
  }
  named_ = 0;
  if (!done) co_return done;
  status_ = transaction_status::open;
  if (how.traceable && store_->traces) {
    named_ = store_->transactions.size() + 1;
    store_->transactions[named_] = {fate::open, id_, start_};
  }
  co_return done;
}

std::string fake_connection::transaction_token() const {
  return named_ == 0 ? "" : "fake." + std::to_string(named_);
}

/// Ends the session that still has it open. A COMMIT that is under way is either stopped or not.
task<result<outcome>> fake_connection::settle(runtime& rt, std::string_view token, deadline until) {
  auto arrived = co_await travel(rt, until);
  if (!arrived) co_return std::move(arrived.error());
  const auto known = store_->transactions.find(std::stoull(std::string{token.substr(5)}));
  if (known == store_->transactions.end()) co_return outcome::unknown; // another server's
  auto& t = known->second;
  if (t.start == start_ && t.what == fate::open) {
    store_->ended.insert(t.session);
    t.what = fate::undone;
  }
  if (t.what == fate::committing && store_->world.random() % 2 == 0) {
    store_->let_go(t.session);
    t.what = fate::undone;
  }
  while (t.what == fate::committing) {
    const wait_status slept = co_await rt.sleep_until(std::min(rt.now() + 5ms, until.at()));
    if (slept == wait_status::cancelled) co_return broken(errc::cancelled, "cancelled");
    if (until.expired(rt.now())) co_return outcome::unknown;
  }
  const bool committed = t.what == fate::committed;
  const bool doubtful = committed && t.start != start_; // its id may be another's by now
  auto told = co_await travel(rt, until);
  if (!told) co_return std::move(told.error());
  if (doubtful) co_return outcome::unknown;
  co_return committed ? outcome::committed : outcome::not_committed;
}

/// The client is cut off while the server still works on its COMMIT and keeps its locks.
void fake_connection::commit_later() {
  const std::uint64_t heir = ++store_->sessions;
  for (auto& [key, owner] : store_->claimed)
    if (owner == id_) owner = heir;
  const std::uint64_t named = named_;
  if (named != 0) store_->transactions[named] = {fate::committing, heir, start_};
  const auto effect = [store = store_, done = std::exchange(changes_, {}), start = start_, heir,
                       named] {
    if (store->starts != start) return; // a restart undid it
    const auto t = store->transactions.find(named);
    const bool traced = t != store->transactions.end();
    if (traced && t->second.what == fate::undone) return;
    if (traced) t->second.what = fate::committed;
    store->apply(done);
    store->let_go(heir);
  };
  store_->world.at(store_->world.now() + store_->some(400ms), effect);
}

result<void> fake_connection::commit_now(runtime& rt) {
  if (status_ == transaction_status::failed || store_->strikes(mishap::conflict, rt)) {
    end_transaction(false);
    auto refused = failed_statement(errc::serialization_failure, "could not serialize access");
    refused.transaction_usable = false;
    return refused;
  }
  if (store_->role != host_role::primary && !changes_.marks.empty()) return read_only();
  if (store_->strikes(mishap::late, rt)) {
    commit_later();
    return broken(errc::connection_lost, "the connection broke during COMMIT");
  }
  end_transaction(true);
  return {};
}

task<result<void>> fake_connection::commit(runtime& rt, deadline until) {
  auto ended = co_await travel(rt, until);
  if (ended) {
    ended = commit_now(rt);
    if (!broken_) {
      auto told = co_await travel(rt, until);
      if (told) co_return ended;
      ended = std::move(told);
    }
  }
  ended.error().effect = side_effect::unknown;
  ended.error().when = phase::commit_in_flight;
  co_return ended;
}

task<result<void>> fake_connection::rollback(runtime& rt, deadline until) {
  auto arrived = co_await travel(rt, until);
  if (!arrived) co_return arrived;
  end_transaction(false);
  co_return co_await travel(rt, until);
}

task<result<void>> fake_connection::savepoint(runtime& rt, std::uint32_t, deadline until) {
  return round_trip(rt, until);
}

task<result<void>> fake_connection::release_savepoint(runtime& rt, std::uint32_t, deadline until) {
  return round_trip(rt, until);
}

task<result<void>> fake_connection::rollback_to_savepoint(runtime& rt, std::uint32_t,
                                                          deadline until) {
  return round_trip(rt, until);
}

task<result<void>> fake_connection::ping(runtime& rt, deadline until) {
  return round_trip(rt, until);
}

task<result<void>> fake_connection::reset(runtime& rt, deadline until) {
  return round_trip(rt, until);
}

} // namespace holdfast::testing
