#include "database/topology.hpp"

#include "database/work.hpp"

#include <algorithm>

namespace holdfast::detail {

topology::topology(std::vector<std::shared_ptr<host>> hosts, const database_options& options,
                   std::shared_ptr<runtime> background)
    : hosts_{std::move(hosts)}, options_{options.hosts},
      connect_timeout_{options.pool.connect_timeout}, background_{std::move(background)},
      writer_{hosts_.size() == 1 ? hosts_.front().get() : nullptr}, views_(hosts_.size()),
      troubles_(hosts_.size()), was_asked_(hosts_.size()),
      chosen_{hosts_.size() == 1 ? 0 : nobody} {}

void topology::start() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (several()) hosts_[i]->join(weak_from_this(), i);
    hosts_[i]->connections().ready();
    if (several()) background_->spawn(watch_host(background_, weak_from_this(), i));
  }
}

void topology::stop() noexcept {
  for (const auto& h : hosts_) h->stop();
  looks_->close();
  news_.close();
}

void topology::reset() {
  {
    const std::lock_guard lock{mutex_};
    newest_ = 0;
  }
  for (const auto& h : hosts_) h->reset();
  looks_->ring();
}

void topology::went_down(std::size_t index, const error& cause) {
  turn t;
  {
    const std::lock_guard lock{mutex_};
    views_[index].up = false;
    views_[index].role = host_role::unknown;
    was_asked_[index] = true;
    troubles_[index] = cause.message;
    t = choose(background_->now());
  }
  carry_out(t, &cause);
  news_.ring();
}

void topology::came_up(std::size_t index) {
  {
    const std::lock_guard lock{mutex_};
    host_view& v = views_[index];
    v.up = true;
    v.role = host_role::unknown;
    v.known_at = background_->now();
    troubles_[index].clear();
  }
  looks_->ring();
}

bool topology::denied(std::size_t index, host_role role) {
  turn t;
  bool was_primary = false;
  {
    const std::lock_guard lock{mutex_};
    host_view& v = views_[index];
    if (!v.up || v.role == role || options_.target == host_options::wanted::any) return false;
    // Of those that take no writes its watch knows better which it is.
    if (v.role != host_role::primary && v.role != host_role::unknown) return false;
    was_primary = v.role == host_role::primary;
    const time_point now = background_->now();
    v.role = role;
    v.known_at = now;
    t = choose(now);
  }
  const error why = make_error(errc::read_only_server, "it takes no writes any more");
  carry_out(t, &why);
  looks_->ring();
  return was_primary;
}

void topology::examined(std::size_t index, const drivers::server_state& found, time_point asked) {
  const bool any = options_.target == host_options::wanted::any;
  bool follows_now = false;
  turn t;
  {
    const std::lock_guard lock{mutex_};
    host_view& v = views_[index];
    if (!v.up || asked < v.known_at) return;
    was_asked_[index] = true;
    troubles_[index].clear();
    follows_now = !any && found.role == host_role::replica && v.role != found.role;
    v.role = any ? host_role::primary : found.role;
    v.history = any ? 0 : found.history;
    v.known_at = asked;
    if (v.role == host_role::replica)
      if (const auto shown = marks_.shown_at(found.history, found.position)) v.shows = shown;
    t = choose(background_->now());
    if (index == chosen_) marks_.note(found.history, found.position, asked);
  }
  const error why = make_error(errc::read_only_server, "it takes no writes any more");
  carry_out(t, &why);
  if (follows_now) hosts_[index]->reopen();
  news_.ring();
}

void topology::asked_in_vain(std::size_t index, const error& why) {
  {
    const std::lock_guard lock{mutex_};
    was_asked_[index] = true;
    if (views_[index].role == host_role::unknown) troubles_[index] = why.message;
  }
  news_.ring();
}

/// Under the lock.
topology::turn topology::choose(time_point now) {
  for (const host_view& v : views_)
    if (v.up && v.role == host_role::primary) newest_ = std::max(newest_, v.history);
  const std::size_t next = choose_writer(views_, chosen_, newest_);
  turn t;
  if (next == chosen_) {
    publish_writer(); // after `resume` it is proved to be so still
    return t;
  }
  t.lost = chosen_;
  t.found = next;
  t.superseded = t.lost != nobody && views_[t.lost].role == host_role::primary;
  if (t.lost != nobody) without_since_ = now;
  t.without = without_since_ ? now - *without_since_ : duration{};
  chosen_ = next;
  publish_writer();
  return t;
}

bool topology::has_writer() const noexcept {
  return !several() || (chosen_ != nobody && views_[chosen_].role == host_role::primary);
}

void topology::publish_writer() noexcept {
  host* const now = suspended_ || !has_writer() ? nullptr : hosts_[chosen_].get();
  writer_.store(now, std::memory_order_release);
}

void topology::carry_out(const turn& t, const error* why) {
  if (t.lost == t.found) return;
  const error superseded =
      make_error(errc::read_only_server, "another host is the primary of a newer history");
  if (t.lost != nobody) {
    hosts_[t.lost]->publish(
        {.kind = event_kind::primary_lost, .failure = t.superseded ? &superseded : why});
    hosts_[t.lost]->evict(t.superseded ? superseded : *why, t.superseded);
  }
  if (t.found != nobody)
    hosts_[t.found]->publish({.kind = event_kind::primary_found, .elapsed = t.without});
  news_.ring();
  looks_->ring();
}

std::vector<host_status> topology::status(time_point now) const {
  std::vector<host_status> all;
  all.reserve(hosts_.size());
  for (const auto& h : hosts_) all.push_back(h->status(now));
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].role = views_[i].role;
    all[i].writer = i == chosen_;
    if (views_[i].role == host_role::replica && views_[i].shows)
      all[i].staleness = now - *views_[i].shows;
  }
  return all;
}

} // namespace holdfast::detail
