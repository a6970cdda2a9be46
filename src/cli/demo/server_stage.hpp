// A stage with a database server: a throwaway one that is killed and started again, or the user's
// own, where only our own connections are cut.
#pragma once

#include "cli/demo/stage.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <utility>

namespace holdfast::cli::demo {

/// `Server`: a launcher of src/testing.
template <class Server>
class server_stage : public stage {
public:
  void torment(const std::stop_token& stop, time_point until, fault_log& log) override {
    const time_point began = clock::now();
    const std::size_t rounds = planned_rounds();
    const auto faults = server_faults();
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto share = (static_cast<double>(round) + 0.6) / static_cast<double>(rounds);
      const auto at = began + std::chrono::duration_cast<duration>(
                                  std::chrono::duration<double>{seconds_ * share});
      if (!cut_until(at, stop, log)) return;
      own_ ? faults[round % faults.size()](stop, log) : cut_all(stop, log);
    }
    (void)cut_until(until, stop, log);
  }

  std::string shortfall(const std::vector<fault>& made) const override {
    if (!own_)
      return count_of(made, "connection_cut") + count_of(made, "all_connections_cut") > 0
                 ? ""
                 : "no connection was cut meanwhile";
    const auto kills = count_of(made, "server_killed");
    if (kills >= fewest_kills) return {};
    return fmt::format("the server was killed {} times instead of at least {}", kills,
                       fewest_kills);
  }

protected:
  using milliseconds = std::chrono::milliseconds;
  using fault_maker = std::function<void(const std::stop_token&, fault_log&)>;
  static constexpr auto recovery_limit = std::chrono::seconds{30};

  server_stage(const settings& s, std::uint64_t seed, std::unique_ptr<Server> own)
      : own_{std::move(own)}, random_{seed}, seconds_{s.seconds} {}

  /// Cuts at most so many of the callers' connections, and only those; how many were.
  virtual std::int64_t cut_connections(std::int64_t most) = 0;
  /// Until `strike` has hit something: just after another fault there may be no connection for a
  /// moment. False after two seconds, or when told to stop.
  template <class Strike>
  static bool insist(const std::stop_token& stop, Strike strike) {
    const deadline until = deadline::after(clock::now(), std::chrono::seconds{2});
    while (!strike())
      if (until.expired(clock::now()) || !pause_for(stop, milliseconds{5})) return false;
    return true;
  }

  /// What else can befall this server.
  virtual std::vector<fault_maker> own_faults() { return {}; }

  std::unique_ptr<Server> own_; ///< none: the user's

private:
  static constexpr std::size_t fewest_kills = 2;
  static constexpr double seconds_a_fault = 2.4; // of the server
  static constexpr auto downtime = std::chrono::seconds{1};

  /// In this order and again; the shortest demo has the first two.
  std::vector<fault_maker> server_faults() {
    const auto made = [this](void (server_stage::*make)(const std::stop_token&, fault_log&)) {
      return
          [this, make](const std::stop_token& stop, fault_log& log) { (this->*make)(stop, log); };
    };
    std::vector<fault_maker> all{made(&server_stage::kill_server), made(&server_stage::kill_server),
                                 made(&server_stage::restart_server),
                                 made(&server_stage::pause_server)};
    for (auto& further : own_faults()) all.push_back(std::move(further));
    all.push_back(made(&server_stage::cut_all));
    return all;
  }

  [[nodiscard]] std::size_t planned_rounds() const {
    return std::max(fewest_kills, static_cast<std::size_t>(seconds_ / seconds_a_fault));
  }

  /// False when told to stop.
  bool cut_until(time_point at, const std::stop_token& stop, fault_log& log) {
    while (true) {
      const duration left = at - clock::now();
      const duration wait = milliseconds{random_.between(400, 900)};
      if (left < wait)
        return left <= duration::zero() ? !stop.stop_requested() : pause_for(stop, left);
      if (!pause_for(stop, wait)) return false;
      cut("connection_cut", 1, stop, log);
    }
  }

  void cut(const char* kind, std::int64_t most, const std::stop_token& stop, fault_log& log) {
    if (!insist(stop, [&] { return cut_connections(most) > 0; }))
      return; // nothing was cut, so nothing is claimed
    const time_point at = clock::now();
    const auto id = log.begin(kind, at);
    log.await_write(id, fault_log::proof::asked_after, at);
    log.measure_from(id, at);
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  void cut_all(const std::stop_token& stop, fault_log& log) {
    cut("all_connections_cut", 1000, stop, log);
  }

  void kill_server(const std::stop_token& stop, fault_log& log) {
    const time_point at = clock::now();
    own_->kill_hard();
    const auto id = log.begin("server_killed", at);
    (void)pause_for(stop, downtime);
    start_again(id, stop, log);
  }

  void restart_server(const std::stop_token& stop, fault_log& log) {
    const auto id = log.begin("server_restarted", clock::now());
    own_->stop();
    start_again(id, stop, log);
  }

  void start_again(fault_log::id id, const std::stop_token& stop, fault_log& log) {
    log.await_write(id, fault_log::proof::ended_after, clock::now());
    own_->start();
    own_->wait_ready(); // a caller may be faster than this look
    log.measure_from(id, clock::now());
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  void pause_server(const std::stop_token& stop, fault_log& log) {
    const time_point at = clock::now();
    own_->pause();
    const auto id = log.begin("server_paused", at);
    (void)pause_for(stop, downtime);
    const time_point goes_on = clock::now();
    log.await_write(id, fault_log::proof::ended_after, goes_on);
    log.measure_from(id, goes_on);
    own_->resume();
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  random_source random_;
  double seconds_;
};

} // namespace holdfast::cli::demo
