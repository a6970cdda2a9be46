#include "chaos/workload.hpp"

#include "testing/random_source.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ids_a_caller = 1'000'000'000;
constexpr auto patience = 10ms; // of a read that is given up
/// After a failure: a database that refuses at once is not asked in a tight loop.
constexpr auto breath = 5ms;

} // namespace

workload::workload(database db, workload_options options, const dialect& words)
    : db_{std::move(db)}, options_{std::move(options)}, words_{words},
      ledgers_(static_cast<std::size_t>(options_.callers)) {
  for (int i = 0; i < options_.callers; ++i)
    callers_.emplace_back([this, i](const std::stop_token& stop) { call(i, stop); });
}

workload::~workload() { stop(); }

void workload::stop() {
  for (auto& caller : callers_) caller.request_stop();
  callers_.clear();
}

void workload::call(int number, const std::stop_token& stop) {
  ledger& book = ledgers_[static_cast<std::size_t>(number)];
  random_source random{options_.seed ^ (0x2545f4914f6cdd1dU * static_cast<unsigned>(number + 1))};
  std::int64_t id = number * ids_a_caller;
  while (!stop.stop_requested()) {
    if (options_.slow_reader && number == 0)
      read_slowly(book, random);
    else if (options_.names == naming::mixed && random.below(5) == 0)
      read(book, random);
    else if (!write(book, random, ++id))
      std::this_thread::sleep_for(breath);
    if (options_.longest_rest > 0s)
      std::this_thread::sleep_for(
          duration{random.between(options_.shortest_rest.count(), options_.longest_rest.count())});
  }
}

void workload::read(ledger& book, random_source& random) const {
  const bool give_up = options_.given_up_reads && random.below(2) == 0;
  const auto number = static_cast<std::int64_t>(random.next() >> 1U);
  if (give_up)
    ask(book, words_.slow_echo, number, patience);
  else
    ask(book, words_.echo, number, options_.deadline);
}

void workload::read_slowly(ledger& book, random_source& random) const {
  ask(book, words_.slowest_echo, static_cast<std::int64_t>(random.next() >> 1U), options_.deadline);
}

/// Asks for a number that nobody else asks for.
void workload::ask(ledger& book, sql text, std::int64_t number, duration limit) const {
  const time_point asked = clock::now();
  const auto got = db_.with({.deadline = limit}).try_query_value<std::int64_t>(text, number);
  book.worst_overrun = std::max(book.worst_overrun, clock::now() - asked - limit);
  ++book.reads;
  if (!got)
    ++book.errors[std::string{to_string(got.error().code)}];
  else if (*got != number)
    ++book.wrong_replies;
}

/// False if it failed.
bool workload::write(ledger& book, random_source& random, std::int64_t id) {
  const bool keyed =
      options_.names == naming::keys || (options_.names == naming::mixed && random.below(2) == 0);
  const std::string key = keyed ? options_.run + std::to_string(id) : std::string{};
  const bool single = random.below(2) == 0;
  const bool wished =
      options_.names == naming::ids || (options_.names == naming::mixed && random.below(2) == 0);
  const bool traceable = wished && words_.traces;
  written w{.id = id, .was = answer::acknowledged, .token = {}, .told = {}};
  const time_point asked = clock::now();
  try {
    if (single)
      db_.with({.deadline = options_.deadline, .operation_key = key, .traceable = traceable})
          .execute(words_.enter, id);
    else
      move_money(random, id, key);
  } catch (const database_error& e) {
    w.was = e.effect() == side_effect::unknown ? answer::unknown : answer::failed;
    w.token = e.outcome_token();
    ++book.errors[std::string{to_string(e.code())}];
  }
  const time_point ended = w.told = clock::now();
  book.worst_overrun = std::max(book.worst_overrun, ended - asked - options_.deadline);
  if (w.was == answer::acknowledged) {
    ++acknowledged_;
    std::int64_t awaited = 0;
    first_success_.compare_exchange_strong(awaited, ended.time_since_epoch().count());
  }
  book.writes.push_back(std::move(w));
  return book.writes.back().was == answer::acknowledged;
}

void workload::move_money(random_source& random, std::int64_t id, const std::string& key) {
  std::int64_t from = random.below(options_.accounts);
  std::int64_t to = (from + 1 + random.below(options_.accounts - 1)) % options_.accounts;
  std::int64_t amount = 1 + random.below(100);
  if (!options_.any_order && from > to) { // in one order nothing deadlocks
    std::swap(from, to);
    amount = -amount;
  }
  db_.transaction({.operation_key = key, .deadline = options_.deadline}, [&](transaction& tx) {
    tx.execute(words_.withdraw, amount, from);
    if (options_.any_order) std::this_thread::sleep_for(2ms);
    tx.execute(words_.deposit, amount, to);
    tx.execute(words_.enter, id);
  });
}

bool workload::wait_acknowledged(std::uint64_t more, duration limit) const {
  const auto enough = acknowledged_ + more;
  for (const time_point end = clock::now() + limit; acknowledged_ < enough;) {
    if (clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

std::optional<time_point> workload::first_success(duration limit) const {
  for (const time_point end = clock::now() + limit; first_success_ == 0;) {
    if (clock::now() > end) return std::nullopt;
    std::this_thread::sleep_for(1ms);
  }
  return time_point{duration{first_success_.load()}};
}

} // namespace holdfast::matrix
