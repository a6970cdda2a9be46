#pragma once

#include "testing/certificates.hpp"
#include "testing/child_process.hpp"
#include "testing/keeper.hpp"
#include "testing/mariadb_session.hpp"
#include "testing/server_files.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::testing {

struct mariadb_server_options {
  /// Of `app` and of `root`; empty: everybody on this machine may enter.
  std::string password = {};
  server_tls tls = server_tls::off;
  int max_connections = 100;
  /// Of the loopback, several parted by commas; `url()` names the first.
  std::string addresses = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: one that nothing listens on
  /// On: each COMMIT is on the disk, in the binary log too. Off is faster, and what was
  /// acknowledged outlives a killed server but not a lost machine.
  bool fsync = true;
  bool binary_log = false; ///< it can be followed by a replica
  /// Further lines of its option file, as "name = value".
  std::vector<std::string> settings = {};
  /// Of its process besides ours, as "NAME=value".
  std::vector<std::string> environment = {};
};

/// A throwaway MariaDB on 127.0.0.1 and on a Unix socket, for tests, the demo and the bench.
///
/// Not a way to run a database: the data is removed with the object, and the server ends with the
/// process that made it. Root's servers run as `mysql`, else as `nobody`. Database and ordinary
/// user are both named "app": that user owns the database, is held by read_only and by
/// max_connections, and may see processes and replication; `root` may all. The port stays the same
/// over restarts. It reads no option file of this machine.
///
/// All verbs block and throw `server_error`. Threads: one caller at a time; the plain getters may
/// be called from any thread. Lifetime: the destructor kills the server and removes its folder.
class mariadb_server {
public:
  /// Finds the programs and makes the data folder, which takes half a second; nothing runs yet.
  explicit mariadb_server(mariadb_server_options options = {});
  /// A replica by GTID of a primary with a binary log; nothing of its own runs yet. It replays the
  /// log from its beginning. Both have the same password.
  mariadb_server(const mariadb_server& primary, mariadb_server_options options);
  ~mariadb_server();
  mariadb_server(const mariadb_server&) = delete;
  mariadb_server& operator=(const mariadb_server&) = delete;

  void start(); ///< returns once the process runs, which is before it accepts
  void wait_ready(std::chrono::milliseconds limit = std::chrono::seconds(30));
  void stop(); ///< SIGTERM: it ends its connections and writes everything out
  /// SIGKILL, reaped; as if the machine had lost power, but for the operating system's caches.
  void kill_hard();
  void restart(); ///< stops it if it runs, starts it, waits until it accepts
  void pause();   ///< SIGSTOP: connections stay open and nothing answers
  void resume();

  /// Makes the replica a primary, which takes writes; returns once it has replayed what it
  /// received.
  void promote(std::chrono::milliseconds limit = std::chrono::seconds(30));
  /// It becomes read-only and follows `primary`: at once if it runs, and its connections stay open;
  /// else from its next start on. Its data must be no further than where the primary took over.
  void follow(const mariadb_server& primary);
  /// The replica has replayed all that `primary` has committed by now.
  void wait_caught_up(const mariadb_server& primary,
                      std::chrono::milliseconds limit = std::chrono::seconds(30)) const;

  /// No file of the server grows beyond so many bytes, its redo log included (48 MB, there from the
  /// start); empty: no limit. A write beyond is refused, which MariaDB takes for a full disk.
  void limit_file_size(std::optional<std::uint64_t> bytes);
  /// The server gets no more memory than it has and so many bytes; empty: no limit.
  void limit_memory(std::optional<std::uint64_t> more);
  /// With TLS: replaces its certificate, as `certificate_authority::issue`, and has it loaded: new
  /// connections get it.
  void renew_certificate(std::chrono::seconds valid_for);

  /// The first value of what `root` is told; see `mariadb_session::ask`.
  std::string ask(const std::string& sql, const char* column = nullptr) const;

  [[nodiscard]] bool running() const; ///< it lives (it may be paused)
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "mysql://app[:password]@ADDRESS:PORT/app".
  [[nodiscard]] std::string url() const { return url_of("app"); }
  [[nodiscard]] std::string admin_url() const { return url_of("root"); }
  [[nodiscard]] const std::string& password() const noexcept { return options_.password; }
  [[nodiscard]] std::filesystem::path socket() const { return folder_ / "socket"; }
  [[nodiscard]] std::filesystem::path data_dir() const { return folder_ / "data"; }
  [[nodiscard]] std::filesystem::path ca_file() const { return folder_ / "ca.crt"; }
  [[nodiscard]] std::string log_tail(std::size_t bytes = 4096) const;

  /// The server program of this machine; empty where there is none.
  [[nodiscard]] static std::optional<std::filesystem::path> find_program();

private:
  [[nodiscard]] std::string address() const; ///< the first
  [[nodiscard]] std::uint32_t server_id() const;
  void make();
  void initialise();
  void issue_certificate();
  void write_configuration() const;
  void run_tool(std::vector<std::string> argv);
  [[nodiscard]] mariadb_target admin() const;
  [[nodiscard]] std::string url_of(const char* user) const;
  [[noreturn]] void fail(const std::string& what) const;

  mariadb_server_options options_;
  std::optional<certificate_authority> authority_;
  std::filesystem::path program_;
  std::filesystem::path folder_;
  std::optional<run_as> user_;
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
  bool paused_ = false;
  std::string
      following_; ///< statements that make it follow its primary; empty: it is none's replica
  keeper keeper_;
};

} // namespace holdfast::testing
