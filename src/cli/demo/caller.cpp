#include "cli/demo/caller.hpp"

#include <holdfast/exceptions.hpp>

#include <fmt/format.h>

namespace holdfast::cli::demo {

namespace {

constexpr std::int64_t rows_of_seats = 30;
constexpr std::int64_t seats_a_row = 6;
constexpr int looks_for_a_seat = 3;
constexpr std::int64_t largest_transfer = 200;
constexpr std::uint64_t stumbles = 10; // one transfer in so many throws half way
constexpr std::uint64_t repeats = 20;  // one operation in so many is sent a second time

/// After a failure: a database that refuses at once is not asked in a tight loop.
constexpr auto breath = std::chrono::milliseconds{20};

/// What our own block throws after its first update: the rollback must hold.
class stumbled final : public std::exception {
public:
  [[nodiscard]] const char* what() const noexcept override { return "stumbled on purpose"; }
};

error stumble_error() { return make_error(errc::user_exception, "stumbled on purpose"); }

/// What an error's own word about its effect makes of the write.
answer answer_of(const error& e) {
  if (e.effect == side_effect::unknown) return answer::in_doubt;
  if (e.effect == side_effect::applied) return answer::acknowledged;
  if (e.code == errc::user_exception) return answer::rolled_back;
  return e.kind == category::constraint ? answer::refused : answer::failed;
}

} // namespace

caller::caller(workplace& at, std::uint32_t number, std::uint64_t seed)
    : at_{at}, number_{number}, random_{seed ^ (0x2545f4914f6cdd1dU * (number + 1))} {}

void caller::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (random_.one_in(repeats))
      ask_again();
    else if (random_.one_in(2))
      book_a_seat();
    else
      move_money();
    if (failed_) pause_for(stop, breath);
  }
}

ledger_entry caller::new_entry(deed what) {
  ledger_entry e;
  e.what = what;
  e.key = fmt::format("{}-{:03}-{:06}", at_.run, number_, ++operations_);
  return e;
}

/// Looks for a free seat; another caller may still be faster.
result<std::string> caller::free_seat() {
  std::string seat;
  for (int look = 0; look < looks_for_a_seat; ++look) {
    std::uint32_t flight = at_.flight.load();
    seat = fmt::format("{:05}/{}{}", flight, random_.between(1, rows_of_seats),
                       static_cast<char>('A' + random_.between(0, seats_a_row - 1)));
    auto taken = at_.db.with({.name = "seat.look"})
                     .try_query_value<std::int64_t>(at_.words.seat_is_taken, seat);
    if (!taken) return std::move(taken.error());
    if (*taken == 0) return seat;
    // Nearly sold out: the next flight is opened.
    if (look + 1 == looks_for_a_seat) at_.flight.compare_exchange_strong(flight, flight + 1);
  }
  return seat;
}

void caller::book_a_seat() {
  const time_point asked = clock::now();
  ledger_entry e = new_entry(deed::booking);
  auto seat = free_seat();
  if (!seat) return write_down(std::move(e), std::move(seat.error()), asked);
  e.seat = std::move(*seat);
  const auto reply = send(e, false);
  write_down(std::move(e), reply, asked);
}

void caller::move_money() {
  const time_point asked = clock::now();
  ledger_entry e = new_entry(deed::transfer);
  e.from = random_.between(1, account_count);
  e.to = 1 + (e.from + random_.between(0, account_count - 2)) % account_count;
  e.amount = random_.between(1, largest_transfer);
  const auto reply = send(e, random_.one_in(stumbles));
  write_down(std::move(e), reply, asked);
}

/// Repeats an acknowledged write as a nervous client does: same key, so same answer and no effect.
void caller::ask_again() {
  if (books_.entries.empty()) return;
  const auto last = static_cast<std::int64_t>(books_.entries.size()) - 1;
  const ledger_entry first = books_.entries[static_cast<std::size_t>(random_.between(0, last))];
  if (!first.told) return;
  const time_point asked = clock::now();
  const auto reply = send(first, false);
  if (!reply) {
    at_.live.note_failure(reply.error().code);
    return note(answer::failed, asked); // the first one stands, whatever became of this
  }
  ++books_.repeated;
  if (*reply != *first.told)
    books_.contradictions.push_back(
        fmt::format("{} answered {}, and sent again {}", first.key, *first.told, *reply));
  note(answer::acknowledged, asked);
}

result<std::int64_t> caller::send(const ledger_entry& what, bool stumble) {
  return what.what == deed::booking ? send_booking(what) : send_transfer(what, stumble);
}

result<std::int64_t> caller::send_booking(const ledger_entry& what) {
  auto rows = at_.db.with({.name = "seat.book", .operation_key = what.key})
                  .try_execute(at_.words.book, what.key, what.seat);
  if (!rows) return std::move(rows.error());
  return static_cast<std::int64_t>(*rows);
}

result<std::int64_t> caller::send_transfer(const ledger_entry& what, bool stumble) {
  const dialect& words = at_.words;
  try {
    return at_.db.transaction(
        {.operation_key = what.key, .name = "money.move"}, [&](transaction& tx) -> std::int64_t {
          tx.execute(words.withdraw, what.amount, what.from);
          if (stumble) throw stumbled{};
          tx.execute(words.deposit, what.amount, what.to);
          tx.execute(words.note_transfer, what.key, what.from, what.to, what.amount);
          return tx.query_value<std::int64_t>(words.balance, what.from).value();
        });
  } catch (const stumbled&) {
    return stumble_error();
  } catch (const database_error& e) {
    return e.details();
  }
}

void caller::write_down(ledger_entry done, const result<std::int64_t>& reply, time_point asked) {
  if (reply) {
    done.was = answer::acknowledged;
    done.told = *reply;
    at_.faults.note_write(asked, clock::now());
  } else {
    done.was = answer_of(reply.error());
    done.token = reply.error().outcome_token;
    if (done.was == answer::failed || done.was == answer::in_doubt)
      at_.live.note_failure(reply.error().code);
  }
  note(done.was, asked);
  books_.entries.push_back(std::move(done));
}

void caller::note(answer was, time_point asked) {
  const duration took = clock::now() - asked;
  failed_ = was == answer::failed || was == answer::in_doubt;
  books_.latencies.push_back(took);
  at_.live.note(was, took);
}

} // namespace holdfast::cli::demo
