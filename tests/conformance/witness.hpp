// What the suite knows of an engine: how its server is started, struck and healed, how one enters,
// its own words where SQL differs, and what it lacks. One file an engine; the cases know none by
// name.
#pragma once

#include <holdfast/database.hpp>
#include <holdfast/fault_proxy.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::conformance {

/// What a case needs that not every engine has.
enum class need : std::uint8_t {
  nothing,
  server,           ///< a process of its own, reached over TCP
  logins,           ///< users with passwords and rights
  tls,              ///< connections that can be encrypted
  row_locks,        ///< several writers at once, who can deadlock
  read_only_switch, ///< a server that stops taking writes while it runs
  commit_proof,     ///< what became of a COMMIT without an operation key can be learned
};

enum class outage : std::uint8_t {
  killed,    ///< kill -9 of whoever stands in the way of callers
  restarted, ///< stopped in good order
  paused,    ///< SIGSTOP: nothing answers, nothing is closed
  refused,   ///< others are let in, we are not
};

/// Something that a borrower may leave behind in its session.
struct session_trace {
  std::string_view what;
  std::string_view leave; ///< a script
  std::string_view look;  ///< one text that tells whether it is there; may fail where it is not
};

/// Where engines differ in what they write for the same thing.
struct words {
  std::string_view placeholder =
      "$#"; ///< '#' stands for the position; without it only the order counts
  std::string_view text_type = "text"; ///< of at least 16 MiB
  std::string_view bytes_type;         ///< of at least 16 MiB
  std::string_view real_type = "double precision";
  std::string_view uuid_type = "uuid";
  std::string_view time_type = "time";
  std::string_view timestamp_type = "timestamp";
  std::string_view numeric_type = "numeric(30, 10)";
  std::string_view json_type = "json";
  /// `after_connect` of a session that waits for locks but a moment, and what it is told then. An
  /// engine that waits until the call's deadline names a short one.
  std::string_view short_lock_wait{};
  duration lock_deadline = std::chrono::seconds{8};
  errc lock_wait_ends = errc::lock_not_available;
  /// How many statements of other sessions run whose text is like the parameter.
  std::string_view running{};
  std::vector<session_trace> traces{};
};

/// How a caller comes in; what is empty is as for everybody.
struct entry {
  std::string host{};
  std::uint16_t port = 0;
  std::string user{};
  std::string password{};
  std::string database{};
};

/// One engine. Verbs throw std::exception when the ground itself fails. Threads: one user.
class witness {
public:
  virtual ~witness() = default;

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual const words& dialect() const noexcept = 0;
  /// Why this need cannot be met; empty: it can.
  [[nodiscard]] virtual std::string_view lacks(need) const noexcept { return {}; }

  /// An empty database, and whatever was struck whole again: before each case.
  virtual void clear() = 0;
  [[nodiscard]] virtual std::string url(const entry& how) const = 0;
  [[nodiscard]] virtual database connect(const std::string& url,
                                         const database_options& options) const = 0;

  /// From here on no write ends well; but `refused` of a server, which is a proxy's matter.
  virtual void strike(outage what) = 0;
  /// Ends it; returns once writes are taken.
  virtual void heal(outage what) = 0;

  // Of a server only:
  [[nodiscard]] virtual std::uint16_t port() const noexcept { return 0; }
  /// What it speaks, for a proxy before it.
  [[nodiscard]] virtual fault_protocol protocol() const noexcept { return {}; }
  virtual void set_read_only(bool) {}
  virtual void offer_tls(bool) {}
  /// New connections get a certificate that has expired, or again a valid one.
  virtual void expire_certificate(bool) {}
  [[nodiscard]] virtual std::string ca_file() const { return {}; }

  // Of an engine with logins only. Everybody is `app`, whose password nobody may ever see.
  [[nodiscard]] virtual std::string_view password() const noexcept { return {}; }
  static constexpr std::string_view guest = "guest";       ///< has no right to anything of `app`
  static constexpr std::string_view tls_only = "tls_only"; ///< is not let in without TLS
};

/// An engine that this build has, by name.
struct engine_entry {
  std::string_view name;
  std::unique_ptr<witness> (*call)(); ///< starts its server
};
[[nodiscard]] std::span<const engine_entry> engines() noexcept;

[[nodiscard]] std::unique_ptr<witness> sqlite_witness();
[[nodiscard]] std::unique_ptr<witness> postgres_witness();
[[nodiscard]] std::unique_ptr<witness> mysql_witness();

} // namespace holdfast::conformance
