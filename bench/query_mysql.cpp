// One prepared query on a real server, beside a hand-written Connector/C loop on the same socket
// kind, which blocks.
#include "bench/measure.hpp"
#include "bench/turns.hpp"
#include "testing/mariadb_server.hpp"

#include <holdfast/mysql.hpp>

#include <mysql.h>
#include <stdexcept>

namespace holdfast::bench {

namespace {

class raw_loop {
public:
  explicit raw_loop(std::uint16_t port) : c_{mysql_init(nullptr)} {
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    mysql_optionsv(c_, MYSQL_OPT_PROTOCOL, &tcp);
    if (!mysql_real_connect(c_, "127.0.0.1", "app", "", "app", port, nullptr, 0)) fail();
    s_ = mysql_stmt_init(c_);
    if (mysql_stmt_prepare(s_, "select ?", 8) != 0) fail();
    in_.buffer_type = out_.buffer_type = MYSQL_TYPE_LONGLONG;
    in_.buffer = &sent_;
    out_.buffer = &got_;
    if (mysql_stmt_bind_param(s_, &in_) != 0) fail();
  }
  raw_loop(const raw_loop&) = delete;
  raw_loop& operator=(const raw_loop&) = delete;
  ~raw_loop() {
    mysql_stmt_close(s_);
    mysql_close(c_);
  }

  void once() {
    got_ = 0;
    if (mysql_stmt_execute(s_) != 0 || mysql_stmt_bind_result(s_, &out_) != 0) fail();
    while (mysql_stmt_fetch(s_) == 0) {
    }
    if (got_ != sent_) throw std::runtime_error{"the peer read another number than it sent"};
  }

private:
  [[noreturn]] void fail() { throw std::runtime_error{mysql_error(c_)}; }

  MYSQL* c_;
  MYSQL_STMT* s_ = nullptr;
  MYSQL_BIND in_{};
  MYSQL_BIND out_{};
  long long sent_ = 1;
  long long got_ = 0;
};

} // namespace

void print_query_mysql() {
  stay_on_one_processor();
  testing::mariadb_server server{{.fsync = false}};
  server.start();
  server.wait_ready();
  database_options options;
  options.log.enabled = false;
  auto db = mysql::connect(server.url(), options);
  raw_loop raw{server.port()};
  const auto ours = [&] { (void)db.query_value<std::int64_t>("select ?", 1); };
  const auto theirs = [&] { raw.once(); };
  print_by_turns("MariaDB", "a raw Connector/C loop", ours, theirs);
}

} // namespace holdfast::bench
