#include "drivers/checkup.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>

namespace holdfast::drivers {

namespace {

using namespace std::chrono_literals;

double in(duration d, duration unit) {
  return static_cast<double>(d.count()) / static_cast<double>(unit.count());
}

duration median(std::vector<duration> all) {
  std::ranges::sort(all);
  const std::size_t half = all.size() / 2;
  return all.size() % 2 == 1 ? all[half] : (all[half - 1] + all[half]) / 2;
}

bool verifies_in_full(tls_mode mode) { return mode == tls_mode::verify_full; }

std::string_view name_of(tls_mode mode) {
  switch (mode) {
  case tls_mode::require: return "require";
  case tls_mode::verify_ca: return "verify_ca";
  case tls_mode::verify_full: return "verify_full";
  default: return "disable";
  }
}

finding judge_encryption(const tls_facts& f) {
  constexpr auto check = "tls";
  if (f.version.empty()) {
    if (f.to_local_host) return {check, verdict::ok, "off, to a host of this machine"};
    return {check, verdict::warning, "off: what is said, the login too, can be read on its way",
            "Give tls.mode = verify_full, and tls.ca_file if the authority is a private one."};
  }
  const std::string found = fmt::format("{}, tls.mode = {}", f.version, name_of(f.mode));
  if (f.version == "TLSv1" || f.version == "TLSv1.1")
    return {check, verdict::warning, found,
            "Let the server speak TLSv1.2 or newer; older ones are broken."};
  if (verifies_in_full(f.mode)) return {check, verdict::ok, found};
  return {check, verdict::warning,
          found + (f.mode == tls_mode::verify_ca ? ": any host of that authority would be believed"
                                                 : ": whoever answers is believed"),
          "Give tls.mode = verify_full, and tls.ca_file if the authority is a private one."};
}

finding judge_certificate(std::chrono::system_clock::time_point valid_until, const yardstick& by) {
  constexpr auto check = "certificate";
  const duration left = valid_until - by.today;
  const std::string day =
      fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(valid_until)));
  if (left <= 0s)
    return {check, verdict::error, "expired on " + day, "Give the server a new certificate."};
  const auto days = std::chrono::floor<std::chrono::days>(left).count();
  const std::string found =
      fmt::format("expires in {} day{}, on {}", days, days == 1 ? "" : "s", day);
  if (left >= renewal_due) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Renew the server's certificate: with verify_ca or verify_full no connect succeeds "
          "after that day."};
}

constexpr auto shared_remedies = std::to_array<remedy>({
    {errc::certificate_expired, "Give the server a new certificate."},
    {errc::certificate_untrusted,
     "Name the authority that signed the server's certificate in tls.ca_file."},
    {errc::certificate_mismatch,
     "Connect by a name that the certificate gives, or have it issued for this one."},
    {errc::unknown_database, "Create the database, or correct its name in the URL."},
    {errc::too_many_connections,
     "Raise max_connections, or make the pools of all processes smaller."},
    {errc::server_starting, "Wait until it has started: holdfast wait."},
    {errc::invalid_configuration, "Correct the option that the message names."},
});

std::string_view remedy_for(errc code, std::span<const remedy> own) {
  for (const auto list : {own, std::span<const remedy>{shared_remedies}})
    for (const remedy& r : list)
      if (r.code == code) return r.fix;
  return "Look into the server's log for what it says of this login.";
}

} // namespace

std::string_view to_string(verdict v) noexcept {
  switch (v) {
  case verdict::ok: return "ok";
  case verdict::warning: return "warning";
  case verdict::error: return "error";
  case verdict::not_tried: return "not_tried";
  }
  return "error";
}

std::string spoken(duration d) {
  const duration size = d < 0ns ? -d : d;
  if (size < 1ms) return fmt::format("{:.2f} ms", in(d, 1ms));
  if (size < 10ms) return fmt::format("{:.1f} ms", in(d, 1ms));
  if (size < 1s) return fmt::format("{:.0f} ms", in(d, 1ms));
  if (size < 2min) return fmt::format("{:.3g} s", in(d, 1s));
  if (size < 2h) return fmt::format("{:.3g} min", in(d, 1min));
  if (size < 48h) return fmt::format("{:.3g} h", in(d, 1h));
  return fmt::format("{:.0f} days", std::floor(in(d, 24h)));
}

finding judge(const name_facts& f) {
  constexpr auto check = "name";
  if (f.failure)
    return {check, verdict::error, to_string(*f.failure),
            fmt::format("Correct the name {} in the URL, or make the resolver know it.", f.name)};
  const std::string found =
      fmt::format("{} is {}, in {}", f.name, fmt::join(f.addresses, ", "), spoken(f.took));
  if (f.took < slow_lookup) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Each connect asks the resolver: put a cache before it, or mend its first server."};
}

finding judge(const way_facts& f, bool some_answer) {
  constexpr auto check = "connect";
  if (!f.failure)
    return {check, verdict::ok, fmt::format("{} answers, in {}", f.peer, spoken(f.took))};
  if (some_answer)
    return {check, verdict::warning, to_string(*f.failure),
            "Take this address out of the name, or let something listen there: each connect may "
            "try it first."};
  return {check, verdict::error, to_string(*f.failure),
          "Start the server, correct host and port in the URL, or open the firewall."};
}

findings judge(const tls_facts& f, const yardstick& by) {
  findings all{judge_encryption(f)};
  if (f.valid_until) all.push_back(judge_certificate(*f.valid_until, by));
  return all;
}

findings judge(const clock_facts& f) {
  findings all;
  if (f.round_trips.empty()) return all;
  const duration least = std::ranges::min(f.round_trips);
  const duration middle = median(f.round_trips);
  finding trip{
      "round_trip", verdict::ok,
      fmt::format("min {}, median {} of {}", spoken(least), spoken(middle), f.round_trips.size())};
  if (middle >= slow_round_trip) {
    trip.is = verdict::warning;
    trip.fix = "Run nearer to the server: each statement of a transaction waits this long.";
  }
  const duration size = f.skew < 0ns ? -f.skew : f.skew;
  finding clocks{"clock", verdict::ok,
                 fmt::format("the server's is {} {} ours, ± {}", spoken(size),
                             f.skew < 0ns ? "behind" : "ahead of", spoken(least / 2))};
  if (size > most_skew) {
    clocks.is = verdict::warning;
    clocks.fix = "Let both machines follow NTP: times that both write do not compare.";
  }
  all.push_back(std::move(trip));
  all.push_back(std::move(clocks));
  return all;
}

finding judge_hosts(const std::vector<std::optional<bool>>& takes_writes, const yardstick& by) {
  constexpr auto check = "hosts";
  const auto writers = std::ranges::count(takes_writes, std::optional{true});
  const auto unknown = std::ranges::count(takes_writes, std::optional<bool>{});
  const auto all = std::ssize(takes_writes);
  const std::string found =
      fmt::format("{} of {} take writes, {} could not be asked", writers, all, unknown);
  if (by.options.hosts.target == host_options::wanted::any) {
    if (unknown < all) return {check, verdict::ok, found};
    return {check, verdict::error, found, "Mend at least one host: hosts.target = any needs one."};
  }
  if (writers == 1) return {check, verdict::ok, found};
  if (writers > 1)
    return {check, verdict::error, found,
            "Fence all but one of them at once, as writes go to several histories; or give "
            "hosts.target = any if they are doors to one server."};
  return {check, verdict::error, found,
          unknown > 0
              ? "Mend what keeps the others from being asked; promote one if none takes writes."
              : "Promote one of the hosts, or name the primary in the URL: no write can be had."};
}

bool is_about_tls(errc code) noexcept {
  return code == errc::tls_failed || code == errc::certificate_expired ||
         code == errc::certificate_untrusted || code == errc::certificate_mismatch;
}

finding judge_refusal(const error& e, std::span<const remedy> own) {
  const char* other = e.code == errc::certificate_expired ? "certificate" : "tls";
  return {is_about_tls(e.code) ? other : "login", verdict::error, holdfast::to_string(e),
          std::string{remedy_for(e.code, own)}};
}

std::optional<duration> longest_silence(const pool_options& pool) {
  std::optional<duration> most = pool.keepalive;
  const auto shorten = [&most](const std::optional<duration>& d) {
    if (d) most = most ? std::min(*most, *d) : *d;
  };
  if (pool.min_size == 0) shorten(pool.idle_timeout);
  shorten(pool.max_lifetime);
  return most;
}

void append(findings& into, findings more) { std::ranges::move(more, std::back_inserter(into)); }

void skip(findings& into, std::initializer_list<std::string_view> checks, std::string_view why) {
  for (const std::string_view check : checks)
    into.push_back({std::string{check}, verdict::not_tried, fmt::format("not tried: {}", why)});
}

} // namespace holdfast::drivers
