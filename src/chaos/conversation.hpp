// What becomes of the bytes of one connection: decided here, carried out by link.hpp.
#pragma once

#include "chaos/chance.hpp"
#include "chaos/messages.hpp"

#include <holdfast/fault_proxy.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::chaos {

/// A rule in force, shared by all connections.
struct live_rule {
  std::uint32_t id = 0;
  fault_rule rule;
  std::uint32_t fired = 0;

  [[nodiscard]] bool spent() const noexcept { return rule.times && fired >= *rule.times; }
};

enum class ending : std::uint8_t {
  none,
  end_of_stream, ///< tell the receiver that no more will come
  close,         ///< both sides, in good order
  reset,         ///< both sides
};

/// To be written when due, in this order; then, the ending.
struct piece {
  time_point due;
  std::string bytes;
  ending then = ending::none;
};

/// The state machine of one connection. Pure: no socket, no clock, no randomness but its seed's.
class conversation {
public:
  conversation(std::uint64_t seed, std::uint64_t number,
               fault_protocol protocol = fault_protocol::postgresql)
      : seed_{seed}, number_{number}, protocol_{make_reader(protocol)} {}

  /// In force from now on; may end or stop things at once. `refuse` is for new connections only:
  /// who adds rules to one that is there leaves it out.
  void add(const std::shared_ptr<live_rule>& rule, time_point now);
  /// As if it had never been, but for what it has done. Bytes that wait for their time are due.
  void remove(std::uint32_t rule, time_point now);

  /// Bytes that `who` sent. True if they can be forwarded as they are, now; else what is to be
  /// forwarded is queued.
  bool feed(side who, time_point now, std::string_view bytes);
  /// `who` has closed its side.
  void finish(side who, time_point now);

  /// What `who` sent and is to be delivered: the front when it is due, then popped.
  [[nodiscard]] std::deque<piece>& queue(side who) noexcept { return of(who).queue; }
  /// Nothing of `who` may be read now: a black hole, or the connection is about to end.
  [[nodiscard]] bool held(side who) const noexcept { return of(who).holes > 0 || ended_; }

  [[nodiscard]] bool unruled() const noexcept { return uses_.empty(); }

  /// What was done since the last call; `when` is the moment as it was given.
  [[nodiscard]] std::vector<fault_record> take_records() { return std::exchange(records_, {}); }

private:
  struct use { // one rule on this connection
    std::shared_ptr<live_rule> of;
    chance dice;
    bool chosen = true; // by its probability, where that is of the connection
    std::array<std::size_t, 2> matched{};
    std::array<bool, 2> shaping{}; // delay, bandwidth and slice, once begun
    std::array<bool, 2> hole{};
    std::array<bool, 2> recorded{};
  };
  struct mark { // a place, not reached yet
    std::uint64_t at;
    use* whose;
  };
  struct flow {              // one side's bytes
    std::uint64_t taken = 0; // given to the parser
    std::uint64_t gone = 0;  // queued, or passed as they were
    std::string undecided;   // between the two
    std::string waiting;     // came while held
    std::vector<mark> marks; // in order
    std::deque<piece> queue;
    std::vector<std::uint8_t> flips; // of the next byte
    time_point last_due = time_point::min();
    time_point free_at = time_point::min(); // bandwidth
    time_point pause_until = time_point::min();
    int holes = 0;
    bool finished = false; // the sender's end was seen
    bool said_end = false; // and the receiver is told
    bool deaf = false;     // what still comes is dropped
  };

  flow& of(side who) noexcept { return flows_[index(who)]; }
  [[nodiscard]] const flow& of(side who) const noexcept { return flows_[index(who)]; }
  [[nodiscard]] bool plain(const flow& f) const noexcept;
  void find_places(side who, std::string_view bytes);
  void find_pattern(side who, use& u, std::string_view bytes, std::uint64_t begin);
  void place(side who, use& u, std::uint64_t at);
  void advance(side who, time_point now, std::uint64_t to);
  void emit(side who, time_point now, std::string bytes);
  void throw_for_delay(side who, time_point now);
  [[nodiscard]] time_point due_of(side who, time_point now, std::size_t size);
  [[nodiscard]] std::size_t largest_piece(side who) const;
  void strike(side seen, use& u, time_point now);
  void begin_hole(side who, use& u);
  void end(side who, time_point now, ending how);
  void record(side who, use& u, time_point now);
  void deliver_waiting(side who, time_point now);
  void end_of(side who, time_point now);

  std::uint64_t seed_;
  std::uint64_t number_;
  std::unique_ptr<message_reader> protocol_;
  std::vector<std::unique_ptr<use>> uses_;
  std::array<flow, 2> flows_;
  std::vector<sighting> sightings_;
  std::vector<fault_record> records_;
  bool ended_ = false;
};

} // namespace holdfast::chaos
