#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mysql.h>
#include <optional>
#include <string>

namespace holdfast::testing {

/// A text as MariaDB's SQL has it, quotes included.
[[nodiscard]] std::string sql_literal(const std::string& text);

/// Where a plain client goes to, and as whom.
struct mariadb_target {
  std::filesystem::path socket = {}; ///< empty: 127.0.0.1 and `port`
  std::uint16_t port = 0;
  std::string user = "root";
  std::string password = {};
  std::string database = {};
  std::filesystem::path ca_file = {}; ///< not empty: TLS, and the server's name is verified
};

/// A plain blocking client of MariaDB, for launchers and for tests that need a second voice beside
/// the library. Threads: one user.
class mariadb_session {
public:
  /// Never throws for a server that refuses: see `open`.
  explicit mariadb_session(const mariadb_target& target);

  [[nodiscard]] bool open() const noexcept { return open_; }
  /// What the last connect or statement failed with; 0: it did not.
  [[nodiscard]] unsigned error_number() const { return mysql_errno(link_.get()); }
  [[nodiscard]] std::string why() const { return mysql_error(link_.get()); }
  /// The first column of the first row, or that named; empty where there is no row or a NULL.
  /// Throws `server_error` when it fails.
  std::string ask(const std::string& sql, const char* column = nullptr);
  /// As `ask`; false when it fails.
  bool run(const std::string& sql);
  [[nodiscard]] MYSQL* raw() const noexcept { return link_.get(); }

private:
  std::unique_ptr<MYSQL, decltype(&mysql_close)> link_;
  bool open_ = false;
};

} // namespace holdfast::testing
