// The hosts of one database: which of them takes writes, which may be read from, and who waits for
// that to change.
#pragma once

#include "database/bell.hpp"
#include "database/host.hpp"
#include "database/host_choice.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace holdfast::detail {

struct call_terms;

/// Picks the host of each attempt, before that host's breaker is asked. A single host is the writer
/// whatever it is; several are asked what they are, each by a watch of its own
/// (topology_watch.cpp).
///
/// Threads: any. No lock is held while a host is told something.
class topology : public std::enable_shared_from_this<topology> {
public:
  topology(std::vector<std::shared_ptr<host>> hosts, const database_options& options,
           std::shared_ptr<runtime> background);

  [[nodiscard]] bool several() const noexcept { return hosts_.size() > 1; }
  [[nodiscard]] std::span<const std::shared_ptr<host>> hosts() const noexcept { return hosts_; }
  [[nodiscard]] host& first() const noexcept { return *hosts_.front(); }
  /// Null while nobody is known to take writes, and while suspended.
  [[nodiscard]] host* writer() const noexcept { return writer_.load(std::memory_order_acquire); }

  /// Where an attempt goes; null: nowhere, `refusal` tells why. `avoid` has just failed a call that
  /// a replica may serve; null: none has.
  [[nodiscard]] host* pick(const call_terms& terms, time_point now, const host* avoid);
  [[nodiscard]] error refusal() const;
  /// Until an attempt may succeed: with one host, until it is up.
  [[nodiscard]] task<wait_status> wait(runtime& rt, const call_terms& terms, deadline until);

  /// The pools open; several hosts are watched from now on.
  void start();
  /// Until somebody takes writes or each host was asked once.
  [[nodiscard]] task<wait_status> first_look(runtime& rt, deadline until);
  /// No probe and no watch from now on; whoever waits goes on at once.
  void stop() noexcept;

  /// Asked with the lease in hand, for which the call may have waited: whether what it is for may
  /// not begin after all, as the database was suspended meanwhile. One load if it may.
  [[nodiscard]] bool holds_back(const call_terms& terms) const {
    return !writer() && holds_back_slowly(terms);
  }

  /// From now on no attempt begins, on any host; those under way end.
  void suspend();
  /// Several hosts are asked anew before the first attempt begins.
  void resume();
  [[nodiscard]] bool suspended() const;
  /// Begins anew: a primary of an older history is as good as any.
  void reset();

  // What is heard of a host, by its number.
  void went_down(std::size_t index, const error& cause);
  void came_up(std::size_t index);
  /// By its own word, on a connection that has just been used, it is not the primary. True if it
  /// was taken for that.
  bool denied(std::size_t index, host_role role);
  /// Its answer to a watch's question that was put at `asked`.
  void examined(std::size_t index, const drivers::server_state& found, time_point asked);

  [[nodiscard]] std::vector<host_status> status(time_point now) const;

private:
  /// What a change of the writer demands, once no lock is held.
  struct turn {
    std::size_t lost = nobody;
    std::size_t found = nobody;
    bool superseded = false; ///< the one that lost it does not know
    duration without{};      ///< how long there was none
  };

  friend task<void> watch_host(std::shared_ptr<runtime> rt, std::weak_ptr<topology> owner,
                               std::size_t index);
  [[nodiscard]] task<void> look(runtime& rt, std::size_t index, drivers::connection_ptr& link);
  [[nodiscard]] duration until_next_look(std::uint32_t& hunting, std::uint64_t random) const;
  void asked_in_vain(std::size_t index, const error& why);

  [[nodiscard]] bool holds_back_slowly(const call_terms& terms) const;
  [[nodiscard]] host* pick_reader(const call_terms& terms, time_point now, const host* avoid);
  [[nodiscard]] turn choose(time_point now);
  void carry_out(const turn& t, const error* why);
  [[nodiscard]] bool has_writer() const noexcept;
  void publish_writer() noexcept;
  [[nodiscard]] bool each_was_asked() const;

  const std::vector<std::shared_ptr<host>> hosts_;
  const host_options options_;
  const duration connect_timeout_;
  const std::shared_ptr<runtime> background_;
  std::atomic<host*> writer_;
  std::atomic<std::uint32_t> turn_{0}; // replicas are read from in turn

  const std::shared_ptr<bell> looks_ = std::make_shared<bell>(); // for the watches: look now
  bell news_;                                                    // for callers: pick again

  mutable std::mutex mutex_; // guards all below, and the changes of writer_
  std::vector<host_view> views_;
  std::vector<std::string> troubles_; // why a host's role is not known; empty: it is, or not asked
  std::vector<bool> was_asked_;
  log_marks marks_;
  std::size_t chosen_; // the writer, suspended or not
  std::uint64_t newest_ = 0;
  std::optional<time_point> without_since_; // that writes cannot be made; empty: they never could
  bool suspended_ = false;
};

/// Asks one host what it is, as long as the topology lives, on a connection beside the pool.
[[nodiscard]] task<void> watch_host(std::shared_ptr<runtime> rt, std::weak_ptr<topology> owner,
                                    std::size_t index);

} // namespace holdfast::detail
