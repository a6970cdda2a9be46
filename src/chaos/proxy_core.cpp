#include "chaos/proxy_core.hpp"

#include "chaos/rule.hpp"

#include <algorithm>

namespace holdfast::chaos {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t scratch_size = 256UL * 1024;
constexpr std::size_t most_records = 10000;
constexpr int backlog = 1024;
constexpr duration resolve_limit = 5s;
constexpr duration pause_after_failure = 50ms;

/// Nobody at all may come in.
bool closes_the_door(const live_rule& r) {
  return r.rule.verb == fault_verb::refuse && r.rule.probability == 1 && !r.rule.connection &&
         !r.rule.times;
}

} // namespace

proxy_core::proxy_core(runtime& rt, fault_proxy_options options)
    : options_{std::move(options)}, scratch_(scratch_size),
      around_{rt, scratch_, {}, {}, {}, [this](const fault_record& r) { note(r); }}, began_{rt.now()} {}

task<result<endpoint>> proxy_core::resolve(host_port where, const char* what) {
  const auto until = deadline::after(around_.rt.now(), resolve_limit);
  auto found = co_await around_.rt.resolve(where.host, until);
  if (!found || found->empty())
    co_return wrong(std::string{what} + " " + to_string(where) + ": the name cannot be resolved");
  co_return make_endpoint(found->front().text, where.port.value_or(0));
}

task<result<void>> proxy_core::start() {
  if (options_.to.host.empty() || options_.to.is_socket() || !options_.to.port)
    co_return wrong("to: " +
                    given_takes(to_string(options_.to), "a host and its port, as db1:5432"));
  auto server = co_await resolve(options_.to, "to");
  if (!server) co_return std::move(server).error();
  auto wanted = co_await resolve(options_.listen, "listen");
  if (!wanted) co_return std::move(wanted).error();
  if (reaches(*server, *wanted))
    co_return wrong("to: " + to_string(options_.to) + " is where the proxy itself listens");
  auto kept = reserve(*wanted);
  if (!kept) co_return wrong("listen: " + to_string(options_.listen) + ": " + kept.error().message);
  around_.server = *server;
  port_ = *std::move(kept);
  at_ = local_endpoint(port_);
  auto open = follow_rules();
  if (!open) co_return std::move(open).error();
  around_.rt.spawn(accept_connections());
  around_.rt.spawn(watch_connections());
  co_return result<void>{};
}

bool proxy_core::wants_clients() const {
  return !stopped_ &&
         std::ranges::none_of(rules_, [](const auto& r) { return closes_the_door(*r); });
}

/// Opens or closes the listener.
result<void> proxy_core::follow_rules() {
  if (wants_clients() == static_cast<bool>(listener_)) return {};
  if (listener_) {
    shut(listener_); // refuses from now on, and wakes the acceptor
    former_ = std::exchange(listener_, socket_handle{});
    return {};
  }
  auto open = listen_at(at_, backlog);
  if (!open) return wrong("listen: " + to_string(options_.listen) + ": " + open.error().message);
  listener_ = *std::move(open);
  if (idle_) idle_->unpark();
  return {};
}

task<void> proxy_core::accept_connections() {
  auto& rt = around_.rt;
  while (!rt.cancelled()) {
    former_ = {};
    const auto until = deadline::after(rt.now(), 24h);
    if (!listener_) {
      waiter w{rt};
      idle_ = &w;
      co_await rt.park(w, until);
      idle_ = nullptr;
      continue;
    }
    const auto waited = co_await rt.wait(listener_.get(), io::read, until);
    if (waited != wait_status::ready) continue;
    auto client = listener_ ? accept_from(listener_) : socket_handle{};
    if (client) {
      welcome(std::move(client));
    } else if (listener_ && errno != EAGAIN) { // no descriptors left, say
      co_await rt.sleep_until(rt.now() + pause_after_failure);
    }
  }
}

task<void> proxy_core::watch_connections() {
  auto& rt = around_.rt;
  while (!rt.cancelled()) {
    const auto until = deadline::after(rt.now(), 24h);
    co_await rt.wait(around_.ready.descriptor(), io::read, until);
    for (const auto& e : around_.ready.take()) {
      const auto at = links_.find(e.key / 2);
      if (at == links_.end()) continue;
      const auto one = at->second; // it may end by this
      one->arrived(e.key % 2 == 0 ? side::client : side::server, e.ending);
    }
  }
}

void proxy_core::welcome(socket_handle client) {
  const auto number = ++accepted_;
  const auto one = std::make_shared<link>(around_, std::move(client), number, options_);
  links_.emplace(number, one);
  for (const auto& r : rules_) one->add(r);
  around_.rt.spawn(serve(one, number));
}

task<void> proxy_core::serve(std::shared_ptr<link> one, std::uint64_t number) {
  co_await one->serve();
  links_.erase(number);
}

result<std::uint32_t> proxy_core::add(const fault_rule& rule) {
  if (auto no = complaint(rule)) return wrong(*std::move(no));
  const auto made = std::make_shared<live_rule>(live_rule{++last_rule_, rule});
  rules_.push_back(made);
  if (rule.verb != fault_verb::refuse)
    for (const auto& [number, one] : links_) one->add(made);
  auto done = follow_rules();
  if (!done) return std::move(done).error();
  return made->id;
}

result<bool> proxy_core::remove(std::uint32_t rule) {
  if (std::erase_if(rules_, [rule](const auto& r) { return r->id == rule; }) == 0) return false;
  for (const auto& [number, one] : links_) one->remove(rule);
  auto done = follow_rules();
  if (!done) return std::move(done).error();
  return true;
}

void proxy_core::reset_all() {
  for (const auto& [number, one] : links_) one->reset();
}

void proxy_core::stop() {
  stopped_ = true;
  (void)follow_rules(); // closing cannot fail
  reset_all();
}

result<void> proxy_core::heal() {
  stopped_ = false;
  const auto former = std::exchange(rules_, {});
  for (const auto& r : former)
    for (const auto& [number, one] : links_) one->remove(r->id);
  return follow_rules();
}

fault_proxy_status proxy_core::status() const {
  return {static_cast<bool>(listener_), accepted_, links_.size(), around_.bytes[0],
          around_.bytes[1]};
}

std::vector<std::string> proxy_core::rules() const {
  std::vector<std::string> lines;
  lines.reserve(rules_.size());
  for (const auto& r : rules_) lines.push_back(std::to_string(r->id) + " " + to_string(r->rule));
  return lines;
}

void proxy_core::note(const fault_record& done) {
  fault_record r = done;
  r.when -= began_.time_since_epoch();
  if (options_.on_fault) options_.on_fault(r);
  if (record_.size() == most_records) record_.pop_front();
  record_.push_back(r);
}

} // namespace holdfast::chaos
