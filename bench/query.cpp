// One prepared query on a real server, beside a hand-written libpq loop on the same socket kind.
#include "bench/measure.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/postgres.hpp>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sched.h>
#include <stdexcept>

namespace holdfast::bench {

namespace {

constexpr int rounds = 5;
constexpr int turns = 100;  // of each in a round, by turns: what disturbs one disturbs the other
constexpr int queries = 50; // a turn

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

template <class F>
double seconds(F&& once) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < queries; ++i) once();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// The processors that this process may use.
std::vector<int> processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<int> found;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return found;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &allowed)) found.push_back(i);
  return found;
}

/// The calling thread, and what it starts from now on.
void stay_on(int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) throw std::runtime_error{"sched_setaffinity"};
}

} // namespace

/// Where the scheduler puts the two decides the cost of a round trip many times over, so it is not
/// left to chance. On one processor nothing overlaps and nothing has to be woken up from idleness:
/// of all places the one where our share shows most, and the only one whose figures repeat.
void print_query() {
  const std::vector<int> allowed = processors();
  if (allowed.empty()) throw std::runtime_error{"sched_getaffinity"};
  stay_on(allowed.front());
  testing::postgres_server server;
  server.start();
  server.wait_ready();
  database_options options;
  options.log.enabled = false;
  auto db = postgres::connect(server.url(), options);
  raw_loop raw{server.url() + "?sslmode=disable"};
  const auto ours = [&] { (void)db.query_value<std::int64_t>("select $1::bigint", 1); };
  const auto theirs = [&] { raw.once(); };
  for (int i = 0; i < turns; ++i) seconds(ours), seconds(theirs);
  std::vector<double> ratios;
  double mine_us = 0;
  double theirs_us = 0;
  for (int i = 0; i < rounds; ++i) {
    double a = 0;
    double b = 0;
    for (int k = 0; k < turns; ++k) {
      a += seconds(ours);
      b += seconds(theirs);
    }
    mine_us = 1e6 * a / (turns * queries);
    theirs_us = 1e6 * b / (turns * queries);
    ratios.push_back(b / a);
  }
  std::ranges::sort(ratios);
  fmt::print(
      "one query, client and server on one processor: {:.1f} us through the facade, {:.1f} us "
      "by a raw libpq loop; ratio {:.3f} (median of {}, {:.3f} to {:.3f})\n",
      mine_us, theirs_us, ratios[rounds / 2], rounds, ratios.front(), ratios.back());
}

} // namespace holdfast::bench
