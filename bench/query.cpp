// One prepared query on a real server, beside a hand-written libpq loop on the same socket kind.
#include "bench/measure.hpp"
#include "bench/turns.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/postgres.hpp>

#include <libpq-fe.h>
#include <poll.h>
#include <stdexcept>

namespace holdfast::bench {

namespace {

class raw_loop {
public:
  explicit raw_loop(const std::string& url) : c_{PQconnectdb(url.c_str())} {
    if (PQstatus(c_) != CONNECTION_OK) throw std::runtime_error{"the peer cannot connect"};
    PQclear(PQprepare(c_, "q", "select $1::bigint", 1, nullptr));
    PQsetnonblocking(c_, 1);
  }
  raw_loop(const raw_loop&) = delete;
  raw_loop& operator=(const raw_loop&) = delete;
  ~raw_loop() { PQfinish(c_); }

  void once() {
    const char value[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    const char* values[] = {value};
    const int lengths[] = {8};
    const int formats[] = {1};
    last_ = 0;
    if (!PQsendQueryPrepared(c_, "q", 1, values, lengths, formats, 1)) fail();
    while (PQflush(c_) > 0) wait(POLLOUT);
    while (PQisBusy(c_)) {
      wait(POLLIN);
      if (!PQconsumeInput(c_)) fail();
    }
    while (PGresult* r = PQgetResult(c_)) {
      if (PQresultStatus(r) != PGRES_TUPLES_OK) fail();
      last_ = PQgetvalue(r, 0, 0)[7];
      PQclear(r);
    }
    if (last_ != 1) throw std::runtime_error{"the peer read another number than it sent"};
  }

private:
  void wait(short events) {
    pollfd p{PQsocket(c_), events, 0};
    ::poll(&p, 1, 1000);
  }
  [[noreturn]] void fail() { throw std::runtime_error{PQerrorMessage(c_)}; }

  PGconn* c_;
  char last_ = 0;
};

} // namespace

void print_query() {
  stay_on_one_processor();
  testing::postgres_server server;
  server.start();
  server.wait_ready();
  database_options options;
  options.log.enabled = false;
  auto db = postgres::connect(server.url(), options);
  raw_loop raw{server.url() + "?sslmode=disable"};
  const auto ours = [&] { (void)db.query_value<std::int64_t>("select $1::bigint", 1); };
  const auto theirs = [&] { raw.once(); };
  print_by_turns("PostgreSQL", "a raw libpq loop", ours, theirs);
}

} // namespace holdfast::bench
