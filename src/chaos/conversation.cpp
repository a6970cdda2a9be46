#include "chaos/conversation.hpp"

#include "chaos/rule.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::chaos {
namespace {

constexpr std::array<side, 2> sides{side::client, side::server};

side other(side who) noexcept { return who == side::client ? side::server : side::client; }

fault_direction direction_of(side who) noexcept {
  return who == side::client ? fault_direction::to_server : fault_direction::to_client;
}

/// Does a rule look for its place in the bytes of this side?
bool looks_at(const fault_rule& rule, side who) noexcept {
  auto where = seen_in(rule.at);
  if (where == fault_direction::both) where = rule.direction;
  return where == fault_direction::both || where == direction_of(who);
}

/// Whose bytes are harmed, when the place was seen in the bytes of `seen`.
bool harms(const fault_rule& rule, side seen, side who) noexcept {
  if (rule.verb == fault_verb::reset || rule.verb == fault_verb::truncate) return who == seen;
  if (rule.direction != fault_direction::both) return rule.direction == direction_of(who);
  const bool whole = rule.verb == fault_verb::black_hole && rule.at != fault_place::offset;
  return whole || who == seen;
}

bool shapes(fault_verb verb) noexcept {
  return verb == fault_verb::delay || verb == fault_verb::bandwidth || verb == fault_verb::slice;
}

duration jittered(const fault_rule& rule, chance& dice) noexcept {
  const double swing = 2 * dice.share() - 1;
  return rule.time +
         duration{static_cast<duration::rep>(swing * static_cast<double>(rule.jitter.count()))};
}

} // namespace

void conversation::add(const std::shared_ptr<live_rule>& rule, time_point now) {
  const auto& r = rule->rule;
  if (r.connection && *r.connection != number_) return;
  auto made = std::make_unique<use>(use{rule, chance{seed_, number_, rule->id}});
  use& u = *uses_.emplace_back(std::move(made));
  // A delay is thrown for anew with each chunk, what has a place each time that it is reached.
  if (r.at == fault_place::offset && r.verb != fault_verb::delay)
    u.chosen = u.dice.share() < r.probability;
  if (r.verb == fault_verb::refuse) return strike(side::client, u, now);
  if (r.at != fault_place::offset) return;
  for (const side who : sides) {
    if (!looks_at(r, who)) continue;
    place(who, u, of(who).gone + r.after);
    advance(who, now, of(who).gone);
  }
}

void conversation::remove(std::uint32_t rule, time_point now) {
  const auto at = std::ranges::find_if(uses_, [&](const auto& u) { return u->of->id == rule; });
  if (at == uses_.end()) return;
  for (const side who : sides) {
    auto& f = of(who);
    std::erase_if(f.marks, [&](const mark& m) { return m.whose == at->get(); });
    if ((*at)->hole[index(who)]) --f.holes;
    if (!shapes((*at)->of->rule.verb)) continue;
    f.last_due = f.free_at = f.pause_until = time_point::min();
    for (auto& p : f.queue) p.due = std::min(p.due, now);
  }
  uses_.erase(at);
  for (const side who : sides) deliver_waiting(who, now);
}

bool conversation::plain(const flow& f) const noexcept {
  return uses_.empty() && f.queue.empty() && f.undecided.empty() && !f.deaf && !ended_;
}

bool conversation::feed(side who, time_point now, std::string_view bytes) {
  auto& f = of(who);
  if (ended_ || f.deaf) return false;
  if (f.holes > 0) {
    f.waiting += bytes;
    return false;
  }
  find_places(who, bytes);
  if (plain(f) && protocol_->undecided(who) == 0) {
    f.gone = f.taken;
    return true;
  }
  f.undecided += bytes;
  advance(who, now, f.taken - protocol_->undecided(who));
  return false;
}

void conversation::finish(side who, time_point now) {
  auto& f = of(who);
  f.finished = true;
  if (ended_ || f.holes > 0) return;
  end_of(who, now);
}

void conversation::end_of(side who, time_point now) {
  auto& f = of(who);
  if (f.deaf || f.said_end) return;
  advance(who, now, f.taken);
  throw_for_delay(who, now);
  for (const auto& u : uses_) {
    if (ended_ || f.deaf || f.holes > 0) break;
    if (u->of->rule.at == fault_place::end && looks_at(u->of->rule, who)) strike(who, *u, now);
  }
  if (!ended_ && !f.deaf && f.holes == 0) end(who, now, ending::end_of_stream);
}

/// Lets the parser and the patterns look at new bytes.
void conversation::find_places(side who, std::string_view bytes) {
  auto& f = of(who);
  const auto begin = f.taken;
  f.taken += bytes.size();
  sightings_.clear();
  protocol_->read(who, bytes, sightings_);
  for (const auto& u : uses_) {
    const auto& r = u->of->rule;
    if (r.at == fault_place::pattern && looks_at(r, who)) find_pattern(who, *u, bytes, begin);
    for (const auto& s : sightings_) {
      const auto middle = std::max(s.body_at, s.begin + (s.end - s.begin) / 2);
      const bool my_row = s.what == message::row && s.row == r.row;
      if (r.at == fault_place::before_commit && s.what == message::commit) place(who, *u, s.begin);
      if (r.at == fault_place::after_commit && s.what == message::commit) place(who, *u, s.end);
      if (r.at == fault_place::in_row && my_row) place(who, *u, middle);
      if (r.at == fault_place::row_length && my_row) place(who, *u, s.length_at);
      if (r.at == fault_place::cancel && s.what == message::cancel) place(who, *u, s.begin);
    }
  }
}

/// Marks the end of each occurrence, also of one that lies in several chunks.
void conversation::find_pattern(side who, use& u, std::string_view bytes, std::uint64_t begin) {
  const std::string& pattern = u.of->rule.pattern;
  auto& matched = u.matched[index(who)];
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    // The longest beginning of the pattern that the bytes so far end with; patterns are short.
    while (matched > 0 && pattern[matched] != bytes[i]) {
      std::size_t shorter = matched - 1;
      while (shorter > 0 && pattern.compare(0, shorter, pattern, matched - shorter, shorter) != 0)
        --shorter;
      matched = shorter;
    }
    if (pattern[matched] == bytes[i]) ++matched;
    if (matched < pattern.size()) continue;
    place(who, u, begin + i + 1);
    matched = 0;
  }
}

void conversation::place(side who, use& u, std::uint64_t at) {
  auto& marks = of(who).marks;
  const auto after = std::ranges::upper_bound(marks, at, {}, [](const mark& m) { return m.at; });
  marks.insert(after, mark{at, &u});
}

/// Queues the bytes up to `to`, and strikes at each mark on the way.
void conversation::advance(side who, time_point now, std::uint64_t to) {
  auto& f = of(who);
  while (!ended_ && !f.deaf && f.holes == 0) {
    const bool marked = !f.marks.empty() && f.marks.front().at <= to;
    const auto stop = marked ? std::max(f.marks.front().at, f.gone) : to;
    const auto size = static_cast<std::size_t>(stop - f.gone);
    if (size > 0) emit(who, now, f.undecided.substr(0, size));
    f.undecided.erase(0, size);
    f.gone = stop;
    if (!marked) return;
    use& u = *f.marks.front().whose;
    f.marks.erase(f.marks.begin());
    strike(who, u, now);
  }
}

/// What comes together is delayed together.
void conversation::throw_for_delay(side who, time_point now) {
  auto& f = of(who);
  for (const auto& u : uses_) {
    const auto& r = u->of->rule;
    if (r.verb != fault_verb::delay || r.at != fault_place::offset || !u->shaping[index(who)])
      continue;
    if (u->dice.share() >= r.probability) continue;
    f.pause_until = std::max(f.pause_until, now + jittered(r, u->dice));
    record(who, *u, now);
  }
}

/// Queues bytes with their times, in pieces where a rule wants that.
void conversation::emit(side who, time_point now, std::string bytes) {
  auto& f = of(who);
  for (const auto mask : std::exchange(f.flips, {}))
    bytes.front() = static_cast<char>(static_cast<unsigned char>(bytes.front()) ^ mask);
  throw_for_delay(who, now);
  const auto most = largest_piece(who);
  for (std::size_t at = 0; at < bytes.size(); at += most) {
    auto part = bytes.substr(at, most);
    const auto due = due_of(who, now, part.size());
    f.queue.push_back({due, std::move(part)});
  }
}

std::size_t conversation::largest_piece(side who) const {
  std::uint64_t most = std::uint64_t{1} << 20U;
  for (const auto& u : uses_) {
    if (!u->shaping[index(who)]) continue;
    const auto& r = u->of->rule;
    if (r.verb == fault_verb::slice) most = std::min(most, r.size);
    if (r.verb == fault_verb::bandwidth) // 20 pieces a second look like a slow line
      most = std::min(most, std::max<std::uint64_t>(1, r.rate / 20));
  }
  return static_cast<std::size_t>(most);
}

/// When the next `size` bytes may be written. Never before those that went ahead of them.
time_point conversation::due_of(side who, time_point now, std::size_t size) {
  auto& f = of(who);
  time_point due = std::max({now, f.pause_until, f.last_due});
  for (const auto& u : uses_) {
    if (!u->shaping[index(who)]) continue;
    const auto& r = u->of->rule;
    if (r.verb == fault_verb::slice && f.last_due >= now) due = std::max(due, f.last_due + r.time);
    if (r.verb == fault_verb::bandwidth) {
      const auto takes = static_cast<double>(size) * 1e9 / static_cast<double>(r.rate);
      due = f.free_at = std::max(due, f.free_at) + duration{static_cast<duration::rep>(takes)};
    }
  }
  f.last_due = due;
  return due;
}

/// A place was reached: now it happens, or chance decides against it.
void conversation::strike(side seen, use& u, time_point now) {
  const auto& r = u.of->rule;
  const bool each_time = r.at != fault_place::offset;
  if (!u.chosen || u.of->spent()) return;
  if (each_time && u.dice.share() >= r.probability) return;
  ++u.of->fired;
  for (const side who : sides) {
    if (!harms(r, seen, who)) continue;
    switch (r.verb) {
    case fault_verb::black_hole: begin_hole(who, u); break;
    case fault_verb::delay:
      if (each_time) of(who).pause_until = now + jittered(r, u.dice);
      u.shaping[index(who)] = true;
      break;
    case fault_verb::bandwidth:
    case fault_verb::slice: u.shaping[index(who)] = true; break;
    case fault_verb::corrupt: of(who).flips.push_back(r.mask); break;
    case fault_verb::half_close:
      end(who, now, ending::end_of_stream);
      of(who).deaf = true;
      break;
    case fault_verb::truncate: end(who, now, ending::close); break;
    case fault_verb::refuse:
    case fault_verb::reset: end(who, now, ending::reset); break;
    }
    // A delay that is thrown for with each chunk is told of when it first happens.
    if (r.verb != fault_verb::delay || each_time) record(who, u, now);
    if (ended_) return;
  }
}

void conversation::begin_hole(side who, use& u) {
  if (std::exchange(u.hole[index(who)], true)) return;
  ++of(who).holes;
}

/// Ends what was sent so far in good order, or the whole connection after it.
void conversation::end(side who, time_point now, ending how) {
  auto& f = of(who);
  f.queue.push_back({std::max({now, f.pause_until, f.last_due}), {}, how});
  f.said_end = f.said_end || how == ending::end_of_stream;
  if (how == ending::end_of_stream) return;
  ended_ = true; // and so nothing of the other side goes through any more
  of(other(who)).queue.clear();
}

void conversation::record(side who, use& u, time_point now) {
  const bool once = shapes(u.of->rule.verb) && u.of->rule.at == fault_place::offset;
  if (std::exchange(u.recorded[index(who)], true) && once) return;
  records_.push_back({now.time_since_epoch(), number_, u.of->id, u.of->rule.verb, direction_of(who),
                      of(who).gone});
}

/// The hole is gone: what came into it goes on.
void conversation::deliver_waiting(side who, time_point now) {
  auto& f = of(who);
  if (f.holes > 0 || ended_) return;
  const auto bytes = std::exchange(f.waiting, {});
  advance(who, now, f.taken - protocol_->undecided(who)); // what stood behind the mark
  if (f.holes == 0 && !bytes.empty() && feed(who, now, bytes)) f.queue.push_back({now, bytes});
  if (f.finished && f.holes == 0) end_of(who, now);
}

} // namespace holdfast::chaos
