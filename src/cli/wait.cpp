// Asks again and again until the database answers. What waiting will not mend ends it at once.
#include "cli/command.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto pause_between = 100ms;

double milliseconds(duration d) { return std::chrono::duration<double, std::milli>{d}.count(); }

/// A server that refuses us will go on refusing; a file may still be made.
bool is_hopeless(const error& e, const std::string& scheme) {
  if (e.code == errc::unknown_database) return scheme != "sqlite";
  return e.next == advice::give_up || e.next == advice::fix_request;
}

class wait_command final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("URL", false, read_text(url_), std::string{url_help});
    takes.value("--timeout", "TIME", read_time(timeout_, {0.001, 86400}),
                "How long to wait (default 30s)");
  }

  int run(const console& out) override {
    target to = read_target(url_, out);
    make_plain(to.config.options);
    to.config.options.start = start_mode::lazy; // each question is answered with the real cause
    const time_point began = clock::now();
    const deadline until = deadline::after(began, timeout_);
    database db = open(to.config);
    std::string told;
    while (true) {
      const duration left = until.remaining(clock::now());
      auto answer = db.with({.deadline = left}).try_query_value<std::int64_t>("select 1");
      const duration waited = clock::now() - began;
      if (answer) return answered(out, to, waited);
      const error& e = answer.error();
      if (real_cause(e)) cause_ = e;
      if (cause_ && is_hopeless(*cause_, to.config.target.scheme))
        return failed(out, to, waited, "waiting will not help");
      if (until.expired(clock::now()))
        return failed(out, to, waited,
                      fmt::format("no answer within {}", detail::show_value(timeout_)));
      tell(out, to, told);
      std::this_thread::sleep_for(std::min<duration>(pause_between, until.remaining(clock::now())));
    }
  }

private:
  /// Our own clock running out is no cause as long as there is a better one.
  [[nodiscard]] bool real_cause(const error& e) const {
    return !cause_ || (e.code != errc::deadline_exceeded && e.code != errc::pool_timeout);
  }

  void tell(const console& out, const target& to, std::string& told) const {
    const std::string cause = to_string(*cause_);
    if (cause == told) return;
    told = cause;
    out.say(fmt::format("waiting for {}: {}", to.shown, cause));
  }

  static int answered(const console& out, const target& to, duration waited) {
    out.say(fmt::format("{} answers, after {:.0f} ms", to.shown, milliseconds(waited)));
    if (!out.json) return exit_ok;
    json_object all;
    all.add("ok", true).add("target", to.shown).add("waited_ms", milliseconds(waited));
    out.data(all.text());
    return exit_ok;
  }

  int failed(const console& out, const target& to, duration waited, std::string_view why) const {
    const std::string cause = to_string(*cause_);
    out.complain(fmt::format("holdfast wait: {}: {}: {}", to.shown, why, cause));
    if (!out.json) return exit_failed;
    json_object all;
    all.add("ok", false).add("target", to.shown).add("waited_ms", milliseconds(waited));
    all.add("error", to_string(cause_->code)).add("message", cause);
    out.data(all.text());
    return exit_failed;
  }

  std::string url_;
  duration timeout_ = 30s;
  std::optional<error> cause_;
};

} // namespace

std::unique_ptr<command> make_wait() { return std::make_unique<wait_command>(); }

} // namespace holdfast::cli
