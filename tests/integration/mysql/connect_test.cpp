// Every way in which a connect fails has its own sentence, and none hangs or tells a secret.
#include "drivers/postgres/driver.hpp"
#include "integration/mysql/fixture.hpp"
#include "testing/postgres_server.hpp"

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace holdfast::drivers::mysql::tests {
namespace {

constexpr const char* canary = "canary-hunter2";

mariadb_server& locked_server() {
  static const auto server = [] {
    auto made = std::make_unique<mariadb_server>(mariadb_server_options{
        .password = canary, .tls = testing::server_tls::valid, .fsync = false});
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

testing::postgres_server& postgres() {
  static const auto server = [] {
    auto made = std::make_unique<testing::postgres_server>();
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

settings as(settings s, std::string user, std::string password) {
  s.credentials = [user, password]() -> result<credential> {
    return credential{user, secret{password}};
  };
  return s;
}

error failure(const settings& s, duration limit = 5s) {
  auto opened = client{s}.open(limit);
  if (opened) {
    ADD_FAILURE() << "it was let in";
    return make_error(errc::internal_error, "");
  }
  const error& e = opened.error();
  EXPECT_EQ(to_string(e).find(canary), std::string::npos);
  EXPECT_EQ(e.native_message.find(canary), std::string::npos);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_EQ(e.when, phase::not_sent);
  EXPECT_FALSE(e.connection_usable);
  return e;
}

bool says(const error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
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
  for (const auto& text : {"SSH-2.0-OpenSSH_9.2\r\n"s, "220 mail.example.org ESMTP\r\n"s,
                           "\x04\0\0\0\x0a\x31\x2e\x32"s, "\xff\xff\xff\0\x0a"s, "\0\0\0\0"s,
                           "\x01\0\0\0\x09"s, std::string(5000, '\xff')}) {
    const listener odd{text, true};
    const auto began = std::chrono::steady_clock::now();
    const auto e = failure(odd.where());
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s) << text;
    EXPECT_TRUE(e.code == errc::protocol_violation || e.code == errc::connection_lost)
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

TEST(mysql_tls, verified_in_full) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  for (const char* host : {"127.0.0.1", "localhost"}) {
    s.server.host = host;
    client c{s};
    EXPECT_FALSE(
        std::get<std::string>(c.query("show status like 'Ssl_cipher'").rows[0][1]).empty());
    // Rows that fill many TLS records: what OpenSSL holds back is not forgotten.
    const auto text = c.one("select repeat('x', 5000000)");
    EXPECT_EQ(std::get<std::string>(text).size(), 5'000'000U);
    EXPECT_EQ(c.query("select repeat('y', 3000) from seq_1_to_2000").rows.size(), 2000U);
    const std::string sent(5'000'000, 'z');
    EXPECT_EQ(std::get<std::string>(c.one("select ?", {value{sent}})), sent);
  }
}

TEST(mysql_tls, from_an_unknown_authority) {
  auto s = settings_for(locked_server());
  s.tls.mode = tls_mode::verify_full; // the system's authorities
  EXPECT_EQ(failure(s).code, errc::certificate_untrusted);
}

TEST(mysql_tls, for_another_name) {
  mariadb_server other{{.tls = testing::server_tls::valid, .addresses = "127.0.0.2"}};
  other.start();
  other.wait_ready();
  auto s = settings_for(other);
  s.server.host = "127.0.0.2";
  s.tls = {.mode = tls_mode::verify_full, .ca_file = other.ca_file().string()};
  EXPECT_EQ(failure(s).code, errc::certificate_mismatch);
  s.tls.mode = tls_mode::verify_ca;
  const auto by_authority = client{s}.open();
  EXPECT_TRUE(by_authority) << to_string(by_authority.error())
                            << by_authority.error().native_message;
  // A name that leads there and that the certificate gives.
  s.tls.mode = tls_mode::verify_full;
  s.server.host = "localhost";
  s.resolver = [](const std::string&) { return std::vector<std::string>{"127.0.0.2"}; };
  EXPECT_TRUE(client{s}.open());
  s.server.host = "db.example.org";
  EXPECT_EQ(failure(s).code, errc::certificate_mismatch);
}

TEST(mysql_tls, not_offered) {
  for (const auto mode : {tls_mode::require, tls_mode::verify_ca, tls_mode::verify_full}) {
    auto s = settings_for(shared_server());
    s.tls = {.mode = mode, .ca_file = locked_server().ca_file().string()};
    const auto e = failure(s);
    EXPECT_EQ(e.code, errc::tls_failed);
    EXPECT_TRUE(says(e, "does not offer TLS")) << e.message;
  }
}

TEST(mysql_tls, required_of_whoever_answers) {
  auto s = settings_for(locked_server());
  s.tls.mode = tls_mode::require;
  client c{s};
  EXPECT_FALSE(std::get<std::string>(c.query("show status like 'Ssl_cipher'").rows[0][1]).empty());
}

TEST(mysql_tls, expired) {
  mariadb_server old{{.tls = testing::server_tls::expired}};
  old.start();
  old.wait_ready();
  auto s = settings_for(old);
  s.tls = {.mode = tls_mode::verify_full, .ca_file = old.ca_file().string()};
  EXPECT_EQ(failure(s).code, errc::certificate_expired);
}

TEST(mysql_tls, a_plain_client_where_tls_is_required) {
  mariadb_server strict{
      {.tls = testing::server_tls::valid, .settings = {"require_secure_transport = ON"}}};
  strict.start();
  strict.wait_ready();
  const auto e = failure(settings_for(strict));
  EXPECT_EQ(e.kind, category::auth) << to_string(e);
}

TEST(mysql_tls, statements_end_at_their_deadline_there_too) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  client c{s};
  (void)c.one("select 1");
  const auto began = std::chrono::steady_clock::now();
  const auto slept = c.execute("select sleep(20)", {}, nullptr, 200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, errc::deadline_exceeded);
}

} // namespace
} // namespace holdfast::drivers::mysql::tests
