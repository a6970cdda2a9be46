#include "base/option_codec.hpp"

#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

namespace {

using namespace holdfast::detail;

/// What is shown of a value reads as that value.
template <class T>
void read_and_show(std::string_view text) {
  T first{};
  if (!parse_value(text, first)) return;
  const std::string shown = show_value(first);
  T second{};
  demand(parse_value(shown, second), "a value that is shown is not read back", shown);
  demand(show_value(second) == shown, "a value is shown in two ways", shown);
  if constexpr (requires { first == second; }) {
    // NaN is no value of any option.
    demand(first == second, "a value reads back as another", shown);
  }
}

template <class... T>
void each(std::string_view text) {
  (read_and_show<T>(text), ...);
}

} // namespace

void option_codec(std::string_view input) {
  each<bool, std::uint32_t, std::uint64_t, double, duration, std::chrono::seconds, port, hosts,
       std::string, std::optional<std::uint32_t>, std::optional<duration>, std::optional<double>,
       tls_mode, jitter, on_outage, log_level, sqlite_journal_mode, breaker_options::window_kind>(
      input);
}

std::vector<std::string> option_codec_seeds() {
  return {"true",
          "no",
          "0",
          "4294967295",
          "10MiB",
          "2 MB",
          "1.5",
          "1e3",
          "250ms",
          "1.5s",
          "2min",
          "1h",
          "30d",
          "unlimited",
          "off",
          "65535",
          "db1:5432,[::1]:7,/run/pg",
          "[fe80::1%eth0]",
          "verify-full",
          "verify_full",
          "100us",
          "0.000000001s",
          "9223372036s",
          "18446744073709551615",
          "1ns",
          ""};
}

} // namespace holdfast::fuzz
