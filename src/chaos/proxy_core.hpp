// The proxy itself: its listener, its rules, its connections, its record.
#pragma once

#include "chaos/link.hpp"

#include <holdfast/fault_proxy.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::chaos {

/// All of it on the loop of `rt`, which ends before this object does.
class proxy_core {
public:
  proxy_core(runtime& rt, fault_proxy_options options);

  /// Resolves, listens, and serves from then on.
  task<result<void>> start();
  [[nodiscard]] const endpoint& listens_at() const noexcept { return at_; }

  result<std::uint32_t> add(const fault_rule& rule);
  result<bool> remove(std::uint32_t rule);
  void stop();
  result<void> heal();
  void reset_all();

  [[nodiscard]] std::vector<fault_record> records() const {
    return {record_.begin(), record_.end()};
  }
  [[nodiscard]] fault_proxy_status status() const;
  [[nodiscard]] std::vector<std::string> rules() const; ///< `1 reset after=4KiB`

  /// One line of the control protocol; see control.cpp.
  std::string command(std::string_view line);
  task<result<std::uint16_t>> open_control(host_port listen);

private:
  task<result<endpoint>> resolve(host_port where, const char* what);
  task<void> accept_connections();
  task<void> watch_connections();
  task<void> serve(std::shared_ptr<link> one, std::uint64_t number);
  void welcome(socket_handle client);
  [[nodiscard]] bool wants_clients() const;
  result<void> follow_rules();
  void note(const fault_record& done);
  task<void> accept_controllers();
  task<void> obey(socket_handle peer);

  fault_proxy_options options_;
  std::vector<char> scratch_;
  surroundings around_;
  time_point began_;
  endpoint at_{};
  socket_handle port_;     // keeps it ours while nobody listens
  socket_handle listener_; // none while we refuse
  socket_handle former_;   // until who waited for it has woken
  waiter* idle_ = nullptr; // the acceptor, while there is no listener
  socket_handle control_;
  std::map<std::uint64_t, std::shared_ptr<link>> links_;
  std::vector<std::shared_ptr<live_rule>> rules_;
  std::deque<fault_record> record_;
  std::uint32_t last_rule_ = 0;
  std::uint64_t accepted_ = 0;
  bool stopped_ = false;
};

} // namespace holdfast::chaos
