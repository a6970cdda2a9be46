#pragma once

#include "testing/certificates.hpp"
#include "testing/child_process.hpp"
#include "testing/keeper.hpp"
#include "testing/server_files.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::testing {

struct postgres_server_options {
  /// Empty: everybody on this machine may enter ("trust"); else SCRAM with this password.
  std::string password = {};
  server_tls tls = server_tls::off;
  int max_connections = 100;
  /// Of the loopback, several parted by commas; `url()` names the first.
  std::string addresses = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: one that nothing listens on
  /// Off is faster, and a kill may then lose what was acknowledged.
  bool fsync = true;
  /// Further lines of postgresql.conf, as "name = value".
  std::vector<std::string> settings = {};
  /// Of its processes besides ours, as "NAME=value".
  std::vector<std::string> environment = {};
  /// Where a freshly initialised data folder is kept to be copied by the next server, which saves
  /// a second or two each. Default: the variable HOLDFAST_PG_TEMPLATE; empty: none kept.
  std::optional<std::filesystem::path> template_folder = {};
};

/// A throwaway PostgreSQL on 127.0.0.1 and on a Unix socket, for tests, the demo and the bench.
///
/// Not a way to run a database: the data is removed with the object, and the server ends with the
/// process that made it. PostgreSQL refuses root, so root's servers run as the user `postgres`.
/// Superuser and database are both named "postgres". The port stays the same over restarts.
///
/// All verbs block and throw `server_error`. Threads: one caller at a time; the plain getters may
/// be called from any thread. Lifetime: the destructor kills the server and removes its folder.
class postgres_server {
public:
  /// Finds the programs and prepares the data folder; nothing runs yet.
  explicit postgres_server(postgres_server_options options = {});
  /// A streaming standby of a primary that runs, by pg_basebackup; nothing of its own runs yet. It
  /// has the primary's settings, with those of `options` after them. Without a password only.
  postgres_server(const postgres_server& primary, postgres_server_options options);
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  enum class stop_mode { fast, immediate };

  void start(); ///< returns once the process runs, which is before it accepts
  void wait_ready(std::chrono::milliseconds limit = std::chrono::seconds(30));
  void stop(stop_mode mode = stop_mode::fast);
  /// SIGKILL to the server and all its backends, reaped; as if the machine had lost power, but
  /// for the operating system's caches.
  void kill_hard();
  void restart(); ///< stops it if it runs, starts it, waits until it accepts
  /// SIGKILL to one child that serves a client, which sends the server through crash recovery.
  /// False when there is none.
  bool kill_one_backend();
  [[nodiscard]] bool serves_anybody() const; ///< one of its processes serves a client
  /// Makes the standby a primary; returns once it takes writes.
  void promote(std::chrono::milliseconds limit = std::chrono::seconds(30));
  /// A stopped server follows `primary` from its next start on. Its data must be no further than
  /// where the primary took over: it was stopped, not killed, before that.
  void follow(const postgres_server& primary);
  /// The standby has replayed all that `primary` has written by now.
  void wait_caught_up(const postgres_server& primary,
                      std::chrono::milliseconds limit = std::chrono::seconds(30)) const;
  void pause(); ///< SIGSTOP to all its processes: connections stay open and nothing answers
  void resume();

  /// No file of the server grows beyond so many bytes, WAL segments included (16 MB); empty: no
  /// limit. A write that would go on beyond is cut short, which PostgreSQL takes for a full disk.
  void limit_file_size(std::optional<std::uint64_t> bytes);
  /// No process of the server gets more memory than its first one has and so many bytes; empty: no
  /// limit.
  void limit_memory(std::optional<std::uint64_t> more);
  /// With TLS: replaces its certificate, as `certificate_authority::issue`, and has it loaded. New
  /// connections get it a moment later.
  void renew_certificate(std::chrono::seconds valid_for);

  [[nodiscard]] bool running() const; ///< the postmaster lives (it may be paused)
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "postgresql://postgres[:password]@ADDRESS:PORT/postgres".
  [[nodiscard]] std::string url() const;
  [[nodiscard]] const std::string& password() const noexcept { return options_.password; }
  [[nodiscard]] const std::filesystem::path& socket_dir() const noexcept { return folder_; }
  [[nodiscard]] std::filesystem::path data_dir() const { return folder_ / "data"; }
  [[nodiscard]] std::filesystem::path ca_file() const { return folder_ / "ca.crt"; }
  [[nodiscard]] std::string log_tail(std::size_t bytes = 4096) const;
  [[nodiscard]] int version() const noexcept { return version_; } ///< major, as 15

  /// The folder of the newest PostgreSQL server (13 or later) on this machine.
  [[nodiscard]] static std::optional<std::filesystem::path> find_programs();

private:
  void find_place();
  void prepare_folder();
  void copy_from(const postgres_server& primary);
  [[nodiscard]] std::string socket_target() const;
  void initialise(const std::filesystem::path& data);
  void initialise_from_template(const std::filesystem::path& kept);
  void write_configuration();
  void own(const std::filesystem::path& path) const;
  void run_tool(std::vector<std::string> argv);
  [[nodiscard]] std::vector<pid_t> stop_everything() const;
  void limit_processes(int resource, std::uint64_t limit);
  void forget_shared_memory() const;
  [[noreturn]] void fail(const std::string& what) const;

  postgres_server_options options_;
  std::optional<certificate_authority> authority_;
  std::filesystem::path programs_;
  std::filesystem::path folder_;
  std::optional<run_as> user_;
  std::uint16_t port_ = 0;
  int version_ = 0;
  pid_t pid_ = 0;
  bool paused_ = false;
  keeper keeper_;
};

} // namespace holdfast::testing
