// What the fault proxy costs while no rule is set: the same work through it and past it.
#include "testing/postgres_server.hpp"

#include <holdfast/fault_proxy.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <memory>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::size_t stream_bytes = 2UL << 30U;
constexpr std::size_t chunk = 128UL << 10U;
constexpr int questions = 20000;
constexpr int rounds = 5;

[[noreturn]] void fail(const char* what) { throw std::runtime_error{what}; }

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  return a;
}

class connection {
public:
  explicit connection(int descriptor) : fd_{descriptor} {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  static connection to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto at = loopback(port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) fail("connect");
    return connection{fd};
  }
  connection(connection&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  ~connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  void send(const char* bytes, std::size_t size) {
    while (size > 0) {
      const auto n = ::send(fd_, bytes, size, MSG_NOSIGNAL);
      if (n <= 0) fail("send");
      bytes += n;
      size -= static_cast<std::size_t>(n);
    }
  }
  std::size_t receive(char* into, std::size_t room) {
    const auto n = ::recv(fd_, into, room, 0);
    if (n < 0) fail("recv");
    return static_cast<std::size_t>(n);
  }
  void finish() { ::shutdown(fd_, SHUT_WR); }

private:
  int fd_;
};

class listener {
public:
  listener() {
    auto at = loopback(0);
    socklen_t size = sizeof at;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(fd_, 16) != 0)
      fail("listen");
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~listener() { ::close(fd_); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  connection accept() { return connection{::accept(fd_, nullptr, nullptr)}; }

private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
};

double seconds_since(clock_type::time_point began) {
  return std::chrono::duration<double>(clock_type::now() - began).count();
}

/// Bytes a second of one long stream, as its receiver sees them.
double stream(listener& server, std::uint16_t port) {
  std::thread talker{[port] {
    auto c = connection::to(port);
    const std::vector<char> part(chunk, 'x');
    for (std::size_t sent = 0; sent < stream_bytes; sent += chunk) c.send(part.data(), chunk);
    c.finish();
  }};
  auto peer = server.accept();
  const auto began = clock_type::now();
  std::vector<char> room(chunk);
  std::size_t got = 0;
  while (const auto n = peer.receive(room.data(), room.size())) got += n;
  const double took = seconds_since(began);
  talker.join();
  if (got != stream_bytes) fail("bytes were lost");
  return static_cast<double>(got) / took;
}

/// Answers a second, one question at a time on one connection.
double talk(listener& server, std::uint16_t port) {
  std::thread answerer{[&server] {
    auto peer = server.accept();
    char word[64];
    while (const auto n = peer.receive(word, sizeof word)) peer.send(word, n);
  }};
  double rate = 0;
  {
    auto c = connection::to(port);
    char word[64] = {};
    const auto began = clock_type::now();
    for (int i = 0; i < questions; ++i) {
      c.send(word, sizeof word);
      for (std::size_t got = 0; got < sizeof word;) got += c.receive(word, sizeof word - got);
    }
    rate = questions / seconds_since(began);
  }
  answerer.join();
  return rate;
}

using session = std::unique_ptr<PGconn, void (*)(PGconn*)>;

session log_in(std::uint16_t port) {
  const auto where = fmt::format("host=127.0.0.1 port={} user=postgres dbname=postgres "
                                 "sslmode=disable gssencmode=disable",
                                 port);
  session s{PQconnectdb(where.c_str()), PQfinish};
  if (PQstatus(s.get()) != CONNECTION_OK) fail("cannot log in");
  return s;
}

int ask(const session& s, const char* sql) {
  PGresult* r = PQexec(s.get(), sql);
  if (PQresultStatus(r) != PGRES_TUPLES_OK) fail("a query failed");
  const int rows = PQntuples(r);
  PQclear(r);
  return rows;
}

/// Queries a second of PostgreSQL under some callers.
double queries(std::uint16_t port, int callers, int each, const char* sql) {
  std::vector<session> sessions;
  for (int i = 0; i < callers; ++i) sessions.push_back(log_in(port));
  std::vector<std::jthread> threads;
  const auto began = clock_type::now();
  for (const auto& s : sessions)
    threads.emplace_back([&s, each, sql] {
      for (int i = 0; i < each; ++i) ask(s, sql);
    });
  threads.clear();
  return callers * each / seconds_since(began);
}

template <class Measure>
void compare(Measure measure, std::uint16_t server, const char* what, double unit,
             const char* unit_name) {
  holdfast::fault_proxy proxy{{.to = {"127.0.0.1", server}}};
  std::vector<double> ratios;
  double direct = 0;
  double through = 0;
  for (int i = 0; i < rounds; ++i) {
    direct = measure(server);
    through = measure(proxy.port());
    ratios.push_back(through / direct);
  }
  std::ranges::sort(ratios);
  fmt::print("fault proxy, {}: {:.2f} {} through it, {:.2f} directly; ratio {:.2f} (median of {}, "
             "{:.2f} to {:.2f})\n",
             what, through / unit, unit_name, direct / unit, ratios[rounds / 2], rounds,
             ratios.front(), ratios.back());
}

} // namespace

int main() {
  {
    holdfast::testing::postgres_server server;
    server.start();
    server.wait_ready();
    constexpr auto account = "select n, n * n, md5(n::text) from generate_series(1, 20) n";
    compare([](std::uint16_t port) { return queries(port, 16, 500, account); }, server.port(),
            "PostgreSQL, 16 callers that read 20 rows", 1e3, "thousand queries/s");
    constexpr auto table = "select n, repeat('x', 1000) from generate_series(1, 100000) n";
    compare([](std::uint16_t port) { return queries(port, 1, 2, table); }, server.port(),
            "PostgreSQL, 100 MB of rows", 10, "GB/s");
  }
  listener server;
  compare([&](std::uint16_t port) { return stream(server, port); }, server.port(),
          "bytes alone, one stream", 1e9, "GB/s");
  compare([&](std::uint16_t port) { return talk(server, port); }, server.port(),
          "bytes alone, one question at a time", 1e3, "thousand answers/s");
}
