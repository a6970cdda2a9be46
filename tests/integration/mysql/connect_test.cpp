// Every way in which a connect fails has its own sentence, and none hangs or tells a secret.
#include "drivers/postgres/driver.hpp"
#include "integration/mysql/connect_fixture.hpp"
#include "testing/postgres_server.hpp"

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace holdfast::drivers::mysql::tests {
namespace {

testing::postgres_server& postgres() {
  static const auto server = [] {
    auto made = std::make_unique<testing::postgres_server>();
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

/// Listens and does what it is told with the first that comes.
class listener {
public:
  explicit listener(std::string says = {}, bool hangs_up = false)
      : descriptor_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port");
    port_ = ntohs(at.sin_port);
    ::listen(descriptor_, 16);
    thread_ = std::jthread{[this, says, hangs_up] {
      while (true) {
        const int peer = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) return;
        if (!says.empty()) (void)::send(peer, says.data(), says.size(), MSG_NOSIGNAL);
        if (hangs_up)
          ::close(peer);
        else
          peers_.push_back(peer);
      }
    }};
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() {
    ::shutdown(descriptor_, SHUT_RDWR);
    thread_.join();
    for (const int p : peers_) ::close(p);
    ::close(descriptor_);
  }
  [[nodiscard]] settings where() const {
    settings s = settings_for(shared_server());
    s.server.port = port_;
    return s;
  }

private:
  int descriptor_;
  std::uint16_t port_ = 0;
  std::vector<int> peers_;
  std::jthread thread_;
};

TEST(mysql_connect, enters_by_tcp_by_name_and_by_socket) {
  auto s = settings_for(shared_server());
  auto by_address = client{s}.open();
  ASSERT_TRUE(by_address);
  EXPECT_EQ((*by_address)->address(), "127.0.0.1");
  s.server.host = "localhost";
  auto by_name = client{s}.open();
  ASSERT_TRUE(by_name);
  EXPECT_EQ((*by_name)->address(), "127.0.0.1");
  s.server.host = shared_server().socket().string();
  auto by_socket = client{s}.open();
  ASSERT_TRUE(by_socket);
  EXPECT_EQ((*by_socket)->peer(), s.server.host);
  EXPECT_EQ((*by_socket)->address(), "");
}

TEST(mysql_connect, nothing_listens) {
  auto s = settings_for(shared_server());
  s.server.port = testing::free_port();
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::connect_refused);
  EXPECT_TRUE(client{s}.driver().condemns_host(e));
  s.server.host = "/nowhere/socket";
  EXPECT_EQ(failure(s).code, errc::connect_refused);
}

TEST(mysql_connect, wrong_and_missing_password) {
  const auto wrong = failure(as(settings_for(locked_server()), "app", std::string{canary} + "x"));
  EXPECT_EQ(wrong.code, errc::authentication_failed);
  EXPECT_EQ(wrong.native_code, "1045");
  EXPECT_TRUE(says(wrong, "refused the password of user \"app\"")) << wrong.message;
  EXPECT_EQ(failure(as(settings_for(locked_server()), "app", "")).code,
            errc::authentication_failed);
}

TEST(mysql_connect, no_such_database_and_none_of_ones_own) {
  auto s = as(settings_for(shared_server()), "root", "");
  s.database = "nothere";
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::unknown_database);
  EXPECT_TRUE(says(e, "no database \"nothere\"")) << e.message;
  s = settings_for(shared_server());
  s.database = "mysql";
  EXPECT_EQ(failure(s).code, errc::permission_denied);
}

TEST(mysql_connect, a_full_server_says_so) {
  mariadb_server small{{.max_connections = 10, .fsync = false}};
  small.start();
  small.wait_ready();
  std::vector<std::unique_ptr<client>> all;
  std::optional<error> refused;
  for (int i = 0; i < 12 && !refused; ++i) {
    all.push_back(std::make_unique<client>(settings_for(small)));
    auto in = all.back()->open();
    if (!in) refused = in.error();
    static std::vector<connection_ptr> kept;
    if (in) kept.push_back(std::move(*in));
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, errc::too_many_connections);
}

TEST(mysql_connect, a_server_that_stays_silent_costs_the_deadline_and_no_more) {
  const listener mute;
  const auto began = std::chrono::steady_clock::now();
  const auto e = failure(mute.where(), 700ms);
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(e.code, errc::connect_timeout);
  EXPECT_GE(took, 690ms);
  EXPECT_LT(took, 1500ms);
}

TEST(mysql_connect, a_server_that_hangs_up) {
  const listener rude{"", true};
  EXPECT_EQ(failure(rude.where()).code, errc::connection_lost);
}

TEST(mysql_connect, greetings_that_make_no_sense_are_no_crash_and_no_wait) {
  using namespace std::string_literals;
  (void)shared_server(); // starting it is not to be timed
  for (const auto& text : {"SSH-2.0-OpenSSH_9.2\r\n"s, "220 mail.example.org ESMTP\r\n"s,
                           "\x04\0\0\0\x0a\x31\x2e\x32"s, "\xff\xff\xff\0\x0a"s, "\0\0\0\0"s,
                           "\x01\0\0\0\x09"s, std::string(5000, '\xff')}) {
    const listener odd{text, true};
    const auto began = std::chrono::steady_clock::now();
    const auto e = failure(odd.where());
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s) << text;
    EXPECT_TRUE(e.code == errc::protocol_violation || e.code == errc::connection_lost ||
                e.native_code == "5010") // as of a server too old to log in to
        << to_string(e);
  }
}

TEST(mysql_connect, a_postgresql_server_there_is_told_at_once) {
  auto s = settings_for(shared_server());
  s.server.port = postgres().port();
  const auto began = std::chrono::steady_clock::now();
  const auto e = failure(s, 10s);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  EXPECT_EQ(e.code, errc::invalid_configuration);
  EXPECT_TRUE(says(e, "speaks PostgreSQL, not MySQL")) << e.message;
}

TEST(mysql_connect, a_postgresql_client_is_told_of_a_mysql_server) {
  for (const auto mode : {tls_mode::disable, tls_mode::require}) {
    postgres::settings s;
    s.server = {"127.0.0.1", shared_server().port()};
    s.tls.mode = mode;
    const auto driver = postgres::make_driver(s);
    thread_runtime rt;
    const auto began = std::chrono::steady_clock::now();
    const auto opened = run_inline(driver->open(rt, deadline::after(rt.now(), 10s)));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::invalid_configuration) << to_string(opened.error());
    EXPECT_TRUE(says(opened.error(), "speaks MySQL, not PostgreSQL")) << opened.error().message;
  }
}

} // namespace
} // namespace holdfast::drivers::mysql::tests
