// One connection through the proxy: reads, asks its conversation, writes.
#pragma once

#include "chaos/conversation.hpp"
#include "chaos/readiness.hpp"
#include "chaos/sockets.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::chaos {

/// What the links of a proxy share.
struct surroundings {
  runtime& rt;
  std::span<char> scratch; ///< for one read at a time
  endpoint server{};
  readiness ready{};
  std::array<std::uint64_t, 2> bytes{}; ///< forwarded, by who sent them
  std::function<void(const fault_record&)> record;
};

/// All of it on the runtime's loop. Whoever changes `talk` calls `settle` then.
class link : public std::enable_shared_from_this<link> {
public:
  link(surroundings& around, socket_handle client, std::uint64_t number,
       const fault_proxy_options& how)
      : around_{around}, number_{number}, client_{std::move(client)},
        talk_{how.seed, number, how.protocol} {}

  /// Until both sides have ended.
  task<void> serve();

  /// `readiness` told: `who` has sent something, or has ended.
  void arrived(side who, bool ending);

  void add(const std::shared_ptr<live_rule>& rule);
  void remove(std::uint32_t rule);
  void reset();

private:
  [[nodiscard]] const socket_handle& from(side who) const noexcept {
    return who == side::client ? client_ : server_;
  }
  [[nodiscard]] const socket_handle& to(side who) const noexcept {
    return who == side::client ? server_ : client_;
  }
  static task<void> pump_beside(std::shared_ptr<link> self, side who);
  task<void> pump(side who);
  enum class progress : std::uint8_t { more, nothing, changed };
  progress read_on(side who);
  progress read_once(side who);
  void forward(side who, std::string_view bytes);
  task<void> write_front(side who);
  task<void> write(side who, const std::string& bytes);
  task<void> let_it_leave(const socket_handle& s);
  task<void> sleep(side who, deadline until);
  void settle();
  void carry_out(side who, ending how);
  void broken();
  [[nodiscard]] deadline far_off();

  surroundings& around_;
  std::uint64_t number_;
  socket_handle client_;
  socket_handle server_;
  conversation talk_;
  std::array<waiter*, 2> asleep_{};
  std::array<bool, 2> writing_{};
  std::array<bool, 2> readable_{}; // as far as we know
  std::array<bool, 2> ending_{};   // and the end may follow at once
  std::array<bool, 2> reading_{};  // the pump sleeps until there is something
  std::array<bool, 2> source_ended_{};
  std::array<bool, 2> told_end_{};
  bool over_ = false;
  int pumps_ = 0;
  waiter* last_pump_ = nullptr;
};

} // namespace holdfast::chaos
