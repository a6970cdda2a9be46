// What callers do: transactions with and without a key, single writes, reads.
#include "database/transaction_core.hpp"
#include "sim/story/stack_town.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>

namespace holdfast::sim {

namespace {

struct user_changed_mind {};

/// Drawn before the call: the same, whatever else is left out of the story.
struct wish {
  duration pause{};
  duration limit{};
  std::uint64_t kind = 0;
  bool insists = false; ///< asks again when unsure, under the same key
  std::uint64_t whims = 0;
};

wish draw(const plan& p, std::uint32_t me, std::uint32_t call) {
  testing::random_source chance{p.seed ^ (std::uint64_t{me} << 40U) ^ (std::uint64_t{call} << 20U)};
  wish w;
  w.pause = duration{chance.below(p.of->pause.count() + 1)};
  w.limit = chance.one_in(4) ? duration{chance.below(duration{200ms}.count())}
                             : 200ms + duration{chance.below(duration{8s}.count())};
  w.kind = chance.next() % 8;
  w.insists = chance.one_in(2);
  w.whims = chance.next();
  return w;
}

/// Moves money and leaves a mark, in three statements.
class transfer final : public detail::block {
public:
  transfer(stack_town& t, std::string mark, std::uint64_t whims)
      : town_{t}, mark_{std::move(mark)}, chance_{whims} {}

  task<void> run(detail::transaction_core& tx) override {
    const std::int64_t amount = chance_.between(1, 50);
    const auto from = to_parameters(chance_.below(accounts), -amount);
    const auto to = to_parameters(chance_.below(accounts), amount);
    const auto mark = to_parameters(mark_);
    const statement debit{"UPDATE MONEY", from};
    const statement credit{"UPDATE MONEY", to};
    const statement note{"INSERT MARK", mark};
    auto first = co_await tx.execute(note, nullptr);
    first.value();
    auto second = co_await tx.execute(debit, nullptr);
    second.value();
    if (chance_.one_in(30)) throw user_changed_mind{};
    auto third = co_await tx.execute(credit, nullptr);
    third.value();
  }
  std::string result_text() const override { return '"' + mark_ + '"'; }
  bool restore(std::string_view text) override {
    town_.require(text == result_text(), "the stored result is another's");
    return true;
  }

private:
  stack_town& town_;
  std::string mark_;
  testing::random_source chance_;
};

void note(stack_town& t, const std::string& mark, const error* failure) {
  record& r = t.told[mark];
  ++t.calls;
  if (!failure) {
    r.acknowledged = true;
    ++t.acknowledged;
  } else if (failure->effect == side_effect::applied) {
    r.acknowledged = true;
  } else if (failure->effect == side_effect::unknown) {
    r.unsure = true;
    ++t.unsure;
    if (!failure->outcome_token.empty()) t.tokens[mark] = failure->outcome_token;
  }
}

task<void> transact(stack_town& t, sim_runtime& rt, std::string mark, bool keyed, wish w) {
  transaction_options how;
  how.deadline = w.limit;
  how.name = mark;
  if (keyed) how.operation_key = mark;
  transfer body{t, mark, w.whims};
  const auto end = co_await t.db->transact(rt, how, std::source_location::current(), body);
  if (!end.outcome && end.outcome.error().effect == side_effect::unknown)
    t.require((keyed || t.store->traces) != end.outcome.error().outcome_token.empty(),
              "a token, iff there is a key or a trace");
  t.told[mark].keyed = keyed;
  note(t, mark, end.outcome ? nullptr : &end.outcome.error());
}

task<void> write(stack_town& t, sim_runtime& rt, std::string mark, bool idempotent, wish w) {
  const auto parameters = to_parameters(mark);
  const statement what{"INSERT MARK", parameters};
  const bool traceable = w.whims / 2 % 2 == 0;
  const call_options how{
      .deadline = w.limit, .idempotent = idempotent, .name = mark, .traceable = traceable};
  auto done = co_await t.db->execute(rt, what, nullptr, how, std::source_location::current());
  t.told[mark].many = idempotent;
  const bool traced = traceable && !idempotent && t.store->traces;
  if (!done && done.error().effect == side_effect::unknown)
    t.require(traced != done.error().outcome_token.empty(), "a token, iff the write is traced");
  note(t, mark, done ? nullptr : &done.error());
}

task<void> read(stack_town& t, sim_runtime& rt, std::string mark, wish w) {
  typed_value<std::int64_t> total;
  const statement what{"SELECT TOTAL", {}};
  const auto urgency = static_cast<priority>(w.whims % 3);
  const call_options how{.deadline = w.limit, .name = mark, .priority = urgency};
  auto done = co_await t.db->execute(rt, what, &total, how, std::source_location::current());
  ++t.calls;
  if (!done) {
    t.require(done.error().effect == side_effect::none, "a read had an effect");
    co_return;
  }
  ++t.acknowledged;
  const auto seen = total.take();
  t.require(seen && *seen == accounts * riches, "a read saw half of a transfer");
}

task<void> call(stack_town& t, sim_runtime& rt, std::string mark, wish w) {
  const call_shares& shares = t.story.of->shares;
  const time_point began = rt.now();
  const bool keyed = w.kind < shares.keyed;
  const std::uint32_t blocks = shares.keyed + shares.transactions;
  if (w.kind < blocks)
    co_await transact(t, rt, mark, keyed, w);
  else if (w.kind < blocks + shares.statements)
    co_await write(t, rt, mark, w.whims % 2 == 0, w);
  else
    co_await read(t, rt, mark, w);
  t.require(rt.now() <= began + w.limit, "a call ended after its deadline");
  // A user who is not sure tries again, under the same key.
  if (keyed && w.insists && !t.told[mark].acknowledged) co_await transact(t, rt, mark, true, w);
}

} // namespace

task<void> live(stack_town& t, sim_runtime& rt, std::uint32_t me) {
  for (std::uint32_t i = 0; i < t.story.calls && !rt.cancelled(); ++i) {
    const wish w = draw(t.story, me, i);
    (void)co_await rt.sleep_until(rt.now() + w.pause);
    t.faults.begins(rt, me, i);
    co_await call(t, rt, std::to_string(me) + "." + std::to_string(i), w);
  }
  --t.active;
}

task<void> settle(stack_town& t, sim_runtime& rt) {
  for (const auto& [mark, token] : t.tokens) {
    auto what = co_await t.db->outcome_of(rt, token);
    ++t.calls;
    if (!what) t.require(false, mark + " stays open in fair weather: " + to_string(what.error()));
    if (!what) continue;
    const bool named = !t.told[mark].keyed && *what == outcome::unknown; // the server was another
    if (!named) t.told[mark].settled = *what;
  }
}

task<void> write_in_fair_weather(stack_town& t, sim_runtime& rt) {
  // The first may find out what is wrong and have no token left to try again.
  co_await write(t, rt, "last but one", false, {.limit = 10s});
  co_await write(t, rt, "last", false, {.limit = 10s});
  t.require(t.told["last"].acknowledged, "a write in fair weather does not succeed");
}

task<void> ask_again(stack_town& t, sim_runtime& rt) {
  for (const auto& [mark, r] : t.told) {
    const bool done = r.acknowledged || r.settled == outcome::committed;
    if (!r.keyed || (!done && !r.settled)) continue;
    transaction_options how;
    how.operation_key = mark;
    transfer body{t, mark, 0};
    how.name = mark;
    const auto end = co_await t.db->transact(rt, how, std::source_location::current(), body);
    ++t.calls;
    if (end.outcome) ++t.acknowledged;
    const errc code = end.outcome ? errc{} : end.outcome.error().code;
    if (done) t.require(end.outcome.has_value(), mark + " was done and is not known");
    if (!done) t.require(code == errc::operation_key_reused, mark + " was settled, and not barred");
  }
}

} // namespace holdfast::sim
