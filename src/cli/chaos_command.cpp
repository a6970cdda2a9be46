// The fault proxy at a terminal: a script, lines on standard input, a control port.
#include "base/host_port.hpp"
#include "base/text.hpp"
#include "chaos/rule.hpp"
#include "cli/command.hpp"
#include "cli/demo/interruption.hpp"
#include "cli/json.hpp"

#include <holdfast/fault_proxy.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <random>
#include <thread>
#include <unistd.h>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

constexpr duration tick = 50ms; // how soon Ctrl-C is noticed

reader read_host_port(host_port& out) {
  return [&out](std::string_view text) -> std::optional<std::string> {
    const auto read = detail::parse_host_port(text);
    if (!read || !read->port || read->is_socket())
      return "a host and its port, as db1:5432 or [::1]:5432";
    out = *read;
    return std::nullopt;
  };
}

reader read_protocol(fault_protocol& out) {
  return [&out](std::string_view text) -> std::optional<std::string> {
    if (detail::parse_value(text, out)) return std::nullopt;
    return "postgresql or mysql";
  };
}

std::uint64_t any_seed() {
  std::random_device device;
  return device(); // 32 bits: short enough to be typed again
}

/// `wait 5s`: how long; nothing for other lines.
std::optional<duration> wait_of(std::string_view line) {
  constexpr std::string_view word = "wait";
  line = detail::trim(line);
  if (!line.starts_with(word)) return std::nullopt;
  const auto rest = line.substr(word.size());
  if (!rest.empty() && rest.front() != ' ' && rest.front() != '\t') return std::nullopt;
  duration time{};
  if (!detail::parse_value(detail::trim(rest), time))
    throw usage_error(fmt::format("wait: given {}; takes {}",
                                  rest.empty() ? "nothing" : detail::trim(rest),
                                  detail::describe_duration({0, 86400})));
  return time;
}

/// Throws what is wrong with a line of a script, before anything listens.
void check_line(std::string_view line) {
  if (wait_of(line)) return;
  if (const auto understood = check_fault_command(line); !understood)
    throw usage_error(understood.error().message);
}

std::vector<std::string> read_script(const std::string& path) {
  std::ifstream file{path};
  if (!file) throw usage_error("SCRIPT: " + path + " cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    try {
      check_line(line);
    } catch (const usage_error& e) {
      throw usage_error(fmt::format("{}:{}: {}", path, lines.size(), e.what()));
    }
  }
  return lines;
}

class chaos_command final : public command {
public:
  void declare(arguments& takes) override {
    takes.value("--listen", "HOST:PORT", read_host_port(options_.listen),
                "Where clients connect; port 0: any (default 127.0.0.1:0)");
    takes.value("--to", "HOST:PORT", read_host_port(options_.to), "The server");
    takes.value("--control", "HOST:PORT", read_host_port(control_),
                "Takes lines as standard input does; who reaches it commands the proxy");
    takes.value("--protocol", "NAME", read_protocol(options_.protocol),
                "What is spoken: postgresql (default) or mysql");
    takes.value("--seed", "N", read_seed(seed_), "Of all chances (default random)");
    takes.positional("SCRIPT", false, read_text(script_),
                     "A file of rules and commands; without one: standard input");
  }

  int run(const console& out) override {
    if (options_.to.host.empty()) throw usage_error("--to is needed: the server's host and port");
    const auto lines = script_.empty() ? std::vector<std::string>{} : read_script(script_);
    const demo::interruption signals;
    options_.seed = seed_ ? *seed_ : any_seed();
    options_.on_fault = [&out](const fault_record& r) { tell(out, r); };
    fault_proxy proxy{options_};
    introduce(proxy, out);
    if (script_.empty()) return obey_input(proxy, out);
    for (const auto& line : lines)
      if (!demo::interruption::came()) obey(proxy, line, out);
    out.say("the script has ended; its rules stay in force until Ctrl-C");
    while (!demo::interruption::came()) pause(tick);
    return exit_ok;
  }

private:
  static void tell(const console& out, const fault_record& r) {
    const double seconds = std::chrono::duration<double>(r.when).count();
    if (!out.json) return out.data(fmt::format("{:9.3f} s  {}", seconds, to_string(r)));
    json_object all;
    all.add("seconds", seconds).add("connection", r.connection).add("rule", r.rule);
    all.add("fault", detail::show_value(r.verb)).add("direction", detail::show_value(r.direction));
    out.data(all.add("byte", r.byte).text());
  }

  void introduce(fault_proxy& proxy, const console& out) {
    const host_port at{proxy.host(), proxy.port()};
    std::string text = fmt::format("listening on {}, forwarding to {}, seed {}", to_string(at),
                                   to_string(options_.to), options_.seed);
    std::uint16_t port = 0;
    if (!control_.host.empty()) {
      port = proxy.open_control(control_);
      text += fmt::format(", control on {}", to_string(host_port{control_.host, port}));
    }
    out.say(text);
    if (!out.json) return;
    json_object all;
    all.add("listen", to_string(at)).add("to", to_string(options_.to)).add("seed", options_.seed);
    if (port != 0) all.add("control_port", port);
    out.data(all.text());
  }

  /// What a terminal's user hears.
  static void obey(fault_proxy& proxy, const std::string& line, const console& out) {
    try {
      if (const auto time = wait_of(line)) return pause(*time);
    } catch (const usage_error& e) {
      return out.complain(fmt::format("error: {}", e.what()));
    }
    const auto answer = proxy.command(line);
    answer.starts_with("error:") ? out.complain(answer) : out.say(answer);
  }

  static void pause(duration time) {
    const auto until = deadline::after(clock::now(), time);
    while (!until.expired(clock::now()) && !demo::interruption::came())
      std::this_thread::sleep_for(std::min<duration>(tick, until.remaining(clock::now())));
  }

  /// Until `quit` or Ctrl-C. The end of the input is no end: a proxy in the background has none.
  static int obey_input(fault_proxy& proxy, const console& out) {
    std::string text;
    bool open = true;
    while (!demo::interruption::came()) {
      pollfd input{open ? STDIN_FILENO : -1, POLLIN, 0};
      if (::poll(&input, 1, 50) <= 0) continue;
      char part[1024];
      const auto n = ::read(STDIN_FILENO, part, sizeof part);
      open = n > 0;
      if (n > 0) text.append(part, static_cast<std::size_t>(n));
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        const auto line = text.substr(0, end);
        text.erase(0, end + 1);
        if (detail::trim(line) == "quit") return exit_ok;
        obey(proxy, line, out);
      }
    }
    return exit_ok;
  }

  fault_proxy_options options_;
  host_port control_{};
  std::optional<std::uint64_t> seed_;
  std::string script_;
};

} // namespace

std::unique_ptr<command> make_chaos() { return std::make_unique<chaos_command>(); }

} // namespace holdfast::cli
