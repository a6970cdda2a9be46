// What `holdfast doctor` finds out: each engine's `checkup` asks one server for facts and changes
// nothing there, and judges them against our options without asking anybody. What every engine on
// a network shares (the name, the way, TLS, round trips, clocks) is judged here.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/options.hpp>
#include <holdfast/time.hpp>
#include <holdfast/url.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers {

enum class verdict : std::uint8_t { ok, warning, error, not_tried };

[[nodiscard]] std::string_view to_string(verdict) noexcept; ///< "not_tried"

/// One row of a report. No text in it holds a secret.
struct finding {
  std::string check; ///< "round_trip": a stable name
  verdict is = verdict::ok;
  std::string found{};
  std::string fix{}; ///< one sentence, where there is something to mend
};
using findings = std::vector<finding>;

/// What the facts are held against.
struct yardstick {
  const database_options& options; ///< must outlive it
  std::uint32_t processes = 1;     ///< that have such a pool each
  bool has_peers = false;          ///< the URL names several hosts
  /// Our own clock, in UTC.
  std::chrono::system_clock::time_point today{};
};

/// What came of one server.
struct checkup {
  drivers::findings findings{};
  std::optional<bool> takes_writes{}; ///< not known if nobody could be asked
};

using wall_clock = std::chrono::system_clock::time_point (*)();

struct name_facts {
  std::string name;
  std::vector<std::string> addresses{};
  duration took{};
  std::optional<error> failure{};
};
/// More than this is worth a word: each connect asks anew.
inline constexpr duration slow_lookup = std::chrono::milliseconds{500};
[[nodiscard]] finding judge(const name_facts& f);

struct way_facts {
  std::string peer; ///< "10.0.0.7:5432"
  duration took{};
  std::optional<error> failure{};
};
/// `some_answer`: another address of the same name does.
[[nodiscard]] finding judge(const way_facts& f, bool some_answer);

struct tls_facts {
  std::string version{}; ///< "TLSv1.3"; empty: not encrypted
  tls_mode mode = tls_mode::disable;
  bool to_local_host = false;
  std::optional<std::chrono::system_clock::time_point> valid_until{};
};
inline constexpr auto renewal_due = std::chrono::hours{24 * 30};
/// One row of the encryption and, where there is a certificate, one of its days.
[[nodiscard]] findings judge(const tls_facts& f, const yardstick& by);

struct clock_facts {
  std::vector<duration> round_trips{};
  /// The server's clock less ours, from the fastest of them; half of it is how wrong this may be.
  duration skew{};
};
inline constexpr duration slow_round_trip = std::chrono::milliseconds{50};
inline constexpr duration most_skew = std::chrono::seconds{1};
[[nodiscard]] findings judge(const clock_facts& f);

/// Of all hosts together: can what `hosts.target` wants be had?
[[nodiscard]] finding judge_hosts(const std::vector<std::optional<bool>>& takes_writes,
                                  const yardstick& by);

/// What mends a login that ended with `code`.
struct remedy {
  errc code;
  std::string_view fix;
};
/// `own`: the engine's, before those that all engines share.
[[nodiscard]] finding judge_refusal(const error& e, std::span<const remedy> own);
/// The connection ended before anybody logged in.
[[nodiscard]] bool is_about_tls(errc code) noexcept;

/// How long a connection of the pool may say nothing. Empty: for as long as nobody needs it.
[[nodiscard]] std::optional<duration> longest_silence(const pool_options& pool);

void append(findings& into, findings more);
/// A row for each of `checks`, not tried because of `why`.
void skip(findings& into, std::initializer_list<std::string_view> checks, std::string_view why);

/// "0.31 ms", "12 ms", "45 s", "30 min", "2.2 h", "10 days"; for people.
[[nodiscard]] std::string spoken(duration d);

} // namespace holdfast::drivers
