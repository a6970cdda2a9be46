#include "testing/mariadb_session.hpp"

#include "testing/server_files.hpp"

#include <cstring>
#include <mutex>
#include <string_view>

namespace holdfast::testing {
namespace {

MYSQL* new_link() {
  static std::once_flag once; // the library's first initialisation is not safe among threads
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  return mysql_init(nullptr);
}

using reply = std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)>;

unsigned column_of(MYSQL_RES* rows, const char* name) {
  const unsigned count = mysql_num_fields(rows);
  const MYSQL_FIELD* fields = mysql_fetch_fields(rows);
  for (unsigned i = 0; name != nullptr && i < count; ++i)
    if (std::string_view(fields[i].name) == name) return i;
  return 0;
}

} // namespace

std::string sql_literal(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

mariadb_session::mariadb_session(const mariadb_target& target) : link_(new_link(), &mysql_close) {
  constexpr unsigned connect_limit_s = 5;
  constexpr unsigned answer_limit_s = 60;
  mysql_options(link_.get(), MYSQL_OPT_CONNECT_TIMEOUT, &connect_limit_s);
  mysql_options(link_.get(), MYSQL_OPT_READ_TIMEOUT, &answer_limit_s);
  if (!target.ca_file.empty()) {
    constexpr my_bool on = 1;
    mysql_options(link_.get(), MYSQL_OPT_SSL_CA, target.ca_file.c_str());
    mysql_options(link_.get(), MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
  }
  const bool local = !target.socket.empty();
  open_ = mysql_real_connect(link_.get(), local ? "localhost" : "127.0.0.1", target.user.c_str(),
                             target.password.c_str(),
                             target.database.empty() ? nullptr : target.database.c_str(),
                             local ? 0 : target.port, local ? target.socket.c_str() : nullptr,
                             CLIENT_MULTI_STATEMENTS) != nullptr;
}

std::string mariadb_session::ask(const std::string& sql, const char* column) {
  if (mysql_real_query(link_.get(), sql.data(), sql.size()) != 0)
    throw server_error(sql + ": " + why());
  std::string found;
  const reply rows(mysql_store_result(link_.get()), &mysql_free_result);
  if (rows != nullptr) {
    const unsigned at = column_of(rows.get(), column);
    const MYSQL_ROW row = mysql_fetch_row(rows.get());
    if (row != nullptr && row[at] != nullptr) found = row[at];
  }
  // Further results of several statements: what comes of them counts only if it failed.
  int next = 0;
  while ((next = mysql_next_result(link_.get())) == 0)
    reply(mysql_store_result(link_.get()), &mysql_free_result);
  if (next > 0) throw server_error(sql + ": " + why());
  return found;
}

bool mariadb_session::run(const std::string& sql) {
  try {
    (void)ask(sql);
    return true;
  } catch (const server_error&) {
    return false;
  }
}

} // namespace holdfast::testing
