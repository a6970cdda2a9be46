// The control protocol: a line in, some lines out of which the last begins with "ok" or "error:".
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "chaos/proxy_core.hpp"
#include "chaos/rule.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sys/socket.h>

namespace holdfast::chaos {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = 4096;

constexpr std::string_view help =
    "a fault, as: reset at=after_commit times=1 | delay time=50ms jitter=10ms | black_hole\n"
    "remove N | stop | heal | rules | status | records | help\n";

/// The words that are no rules, and how many more words they take.
struct verb {
  std::string_view name;
  std::size_t words;
  std::string (*run)(proxy_core&, std::string_view word);
};

std::string ok_or(const result<void>& r) { return r ? "ok" : "error: " + r.error().message; }

std::string remove(proxy_core& core, std::string_view word) {
  const auto id = detail::parse_count(word, 0xffffffff).value_or(0); // rules count from 1
  const auto done = core.remove(static_cast<std::uint32_t>(id));
  if (!done) return "error: " + done.error().message;
  return *done ? "ok" : "error: there is no rule " + std::string{word};
}

std::string status(const proxy_core& core) {
  const auto s = core.status();
  return "listening " + std::string{s.listening ? "yes" : "no"} + "\naccepted " +
         std::to_string(s.accepted) + "\nopen " + std::to_string(s.open) + "\nbytes_to_server " +
         std::to_string(s.bytes_to_server) + "\nbytes_to_client " +
         std::to_string(s.bytes_to_client) + "\nok";
}

const auto verbs = std::to_array<verb>({
    {"remove", 1, remove},
    {"stop", 0,
     [](proxy_core& core, std::string_view) {
       core.stop();
       return std::string{"ok"};
     }},
    {"heal", 0, [](proxy_core& core, std::string_view) { return ok_or(core.heal()); }},
    {"rules", 0,
     [](proxy_core& core, std::string_view) {
       std::string text;
       for (const auto& r : core.rules()) text += r + "\n";
       return text + "ok";
     }},
    {"status", 0, [](proxy_core& core, std::string_view) { return status(core); }},
    {"records", 0,
     [](proxy_core& core, std::string_view) {
       std::string text;
       for (const auto& r : core.records()) text += to_string(r) + "\n";
       return text + "ok";
     }},
    {"help", 0, [](proxy_core&, std::string_view) { return std::string{help} + "ok"; }},
});

std::vector<std::string_view> all_words() {
  std::vector<std::string_view> words;
  words.reserve(verbs.size());
  for (const auto& v : verbs) words.push_back(v.name);
  for (const auto name : detail::enum_names<fault_verb>) words.push_back(name);
  return words;
}

/// A line, read: a command, a rule, or neither where it is empty or a comment.
struct order {
  const verb* known = nullptr;
  std::string_view rest;
  std::optional<fault_rule> rule;
};

result<order> understand(std::string_view line) {
  line = detail::trim(line);
  if (line.empty() || line.front() == '#') return order{};
  const auto first = line.substr(0, line.find_first_of(" \t"));
  const auto rest = detail::trim(line.substr(first.size()));
  const auto* const known = std::ranges::find(verbs, first, &verb::name);
  if (known != verbs.end()) {
    if (known->words == 0 && !rest.empty()) return wrong(std::string{first} + " stands alone");
    if (known->words == 1 && !detail::parse_count(rest, 0xffffffff))
      return wrong(std::string{first} + ": " + given_takes(rest, "a rule's number"));
    return order{known, rest, {}};
  }
  fault_verb fault{};
  if (!detail::parse_value(first, fault)) {
    const auto words = all_words();
    return wrong("there is no command '" + std::string{first} + "'" +
                 detail::did_you_mean(first, words) + "; `help` lists them");
  }
  auto rule = parse_fault_rule(line);
  if (!rule) return std::move(rule).error();
  return order{nullptr, {}, *std::move(rule)};
}

} // namespace

std::string proxy_core::command(std::string_view line) {
  const auto read = understand(line);
  if (!read) return "error: " + read.error().message;
  if (read->known) return read->known->run(*this, read->rest);
  if (!read->rule) return "ok";
  const auto id = add(*read->rule);
  return id ? "ok " + std::to_string(*id) : "error: " + id.error().message;
}

task<result<std::uint16_t>> proxy_core::open_control(host_port listen) {
  auto at = co_await resolve(listen, "control");
  if (!at) co_return std::move(at).error();
  auto open = listen_at(*at, 16);
  if (!open) co_return wrong("control: " + to_string(listen) + ": " + open.error().message);
  if (control_) co_return wrong("there is a control port already");
  control_ = *std::move(open);
  around_.rt.spawn(accept_controllers());
  co_return port_of(local_endpoint(control_));
}

task<void> proxy_core::accept_controllers() {
  auto& rt = around_.rt;
  while (!rt.cancelled()) {
    const auto until = deadline::after(rt.now(), 24h);
    const auto waited = co_await rt.wait(control_.get(), io::read, until);
    if (waited != wait_status::ready) continue;
    auto peer = accept_from(control_);
    if (peer) {
      rt.spawn(obey(std::move(peer)));
    } else {
      co_await rt.sleep_until(rt.now() + 50ms);
    }
  }
}

/// Answers are short and the kernel's buffer takes them; who does not read them is let go.
task<void> proxy_core::obey(socket_handle peer) {
  auto& rt = around_.rt;
  std::string text;
  std::array<char, 1024> part{};
  while (!rt.cancelled()) {
    const auto until = deadline::after(rt.now(), 24h);
    const auto waited = co_await rt.wait(peer.get(), io::read, until);
    if (waited != wait_status::ready) continue;
    const auto n = ::recv(peer.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (n <= 0) co_return;
    text.append(part.data(), static_cast<std::size_t>(n));
    std::string answer;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      answer += command(text.substr(0, end)) + "\n";
      text.erase(0, end + 1);
    }
    const bool too_long = text.size() > longest_line;
    if (too_long) answer += "error: the line is too long\n";
    const auto sent = ::send(peer.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (too_long || sent != static_cast<ssize_t>(answer.size())) co_return;
  }
}

} // namespace holdfast::chaos

namespace holdfast {

result<void> check_fault_command(std::string_view line) {
  auto read = chaos::understand(line);
  if (!read) return std::move(read).error();
  return {};
}

} // namespace holdfast
