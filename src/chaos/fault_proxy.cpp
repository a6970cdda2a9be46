#include "chaos/proxy_core.hpp"
#include "chaos/rule.hpp"

#include <holdfast/service.hpp>

#include <array>
#include <exception>
#include <future>
#include <netdb.h>
#include <type_traits>

namespace holdfast {
namespace {

/// Ends the program rather than leave a caller without an answer: all `make` does is ours.
template <class T, class Make>
task<void> deliver(Make make, std::promise<T>& to) {
  auto work = make();
  T value = co_await std::move(work);
  to.set_value(std::move(value));
}

template <class T, class F>
task<T> ready(F& f) {
  co_return f();
}

std::string numeric_host(const chaos::endpoint& e) {
  std::array<char, 64> text{};
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&e.address), e.size, text.data(), text.size(),
                nullptr, 0, NI_NUMERICHOST);
  return text.data();
}

} // namespace

struct fault_proxy::state {
  explicit state(fault_proxy_options options) : core{*background, std::move(options)} {}
  ~state() { loop.stop(); } // its tasks refer to what goes next
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// Runs on the loop; returns when it has.
  template <class Make>
  auto await(Make make) {
    using T = typename std::invoke_result_t<Make&>::value_type;
    std::promise<T> answer;
    background->spawn(deliver<T>(make, answer));
    return answer.get_future().get();
  }
  template <class F>
  auto on_loop(F f) {
    using T = std::invoke_result_t<F&>;
    return await([&f] { return ready<T>(f); });
  }

  service loop;
  std::shared_ptr<runtime> background = loop.background();
  chaos::proxy_core core;
  std::string host;
};

fault_proxy::fault_proxy(fault_proxy_options options)
    : state_{std::make_unique<state>(std::move(options))} {
  state_->await([&] { return state_->core.start(); }).value();
  state_->host = numeric_host(state_->core.listens_at());
}

fault_proxy::~fault_proxy() {
  state_->on_loop([&] {
    state_->core.reset_all();
    return true;
  });
}

const std::string& fault_proxy::host() const noexcept { return state_->host; }
std::uint16_t fault_proxy::port() const noexcept {
  return chaos::port_of(state_->core.listens_at());
}

std::uint32_t fault_proxy::add(const fault_rule& rule) {
  return state_->on_loop([&] { return state_->core.add(rule); }).value();
}

std::uint32_t fault_proxy::add(std::string_view rule) {
  return add(parse_fault_rule(rule).value());
}

bool fault_proxy::remove(std::uint32_t rule) {
  return state_->on_loop([&] { return state_->core.remove(rule); }).value();
}

void fault_proxy::stop() {
  state_->on_loop([&] {
    state_->core.stop();
    return true;
  });
}

void fault_proxy::heal() {
  state_->on_loop([&] { return state_->core.heal(); }).value();
}

std::vector<fault_record> fault_proxy::records() const {
  return state_->on_loop([&] { return state_->core.records(); });
}

fault_proxy_status fault_proxy::status() const {
  return state_->on_loop([&] { return state_->core.status(); });
}

std::string fault_proxy::command(std::string_view line) {
  return state_->on_loop([&] { return state_->core.command(line); });
}

std::uint16_t fault_proxy::open_control(const host_port& listen) {
  return state_->await([&] { return state_->core.open_control(listen); }).value();
}

} // namespace holdfast
