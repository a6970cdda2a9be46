#include "drivers/address_book.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::drivers {

namespace {
constexpr std::size_t most_entries = 256; // of names whose answers never repeat
constexpr duration apart = std::chrono::seconds{1};
} // namespace

void address_book::note(std::span<const address> answer, time_point now) {
  for (entry& e : entries_) {
    if (std::ranges::find(answer, e.text, &address::text) != answer.end()) {
      e.missed.reset();
      e.vanished = false;
    } else if (!e.missed) {
      e.missed = now;
    } else if (now - *e.missed >= apart) {
      e.vanished = true;
    }
  }
  for (const address& a : answer)
    if (std::ranges::find(entries_, a.text, &entry::text) == entries_.end())
      entries_.push_back({.text = a.text});
  if (entries_.size() > most_entries)
    entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(most_entries));
}

address_news address_book::news() const {
  address_news n;
  for (const entry& e : entries_) {
    if (e.vanished) n.vanished.push_back(e.text);
    n.doubtful = n.doubtful || (e.missed && !e.vanished);
  }
  return n;
}

} // namespace holdfast::drivers
