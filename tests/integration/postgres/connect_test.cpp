// Every way in which a connect fails has its own sentence, and none hangs or tells a secret.
#include "integration/postgres/connect_fixture.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace holdfast::drivers::postgres::tests {
namespace {

settings as(const settings& base, std::string user, std::string password) {
  settings s = base;
  s.credentials = [user, password]() -> result<credential> {
    return credential{user, secret{password}};
  };
  return s;
}

/// Listens and never answers.
struct mute_server {
  mute_server() : descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(descriptor, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port");
    port = ntohs(at.sin_port);
  }
  ~mute_server() { ::close(descriptor); }
  void listen() const { ::listen(descriptor, 4); }
  int descriptor;
  std::uint16_t port = 0;
};

TEST(postgres_connect, enters_by_tcp_by_socket_and_by_name) {
  auto s = settings_for(shared_server());
  EXPECT_TRUE(client{s}.open());
  s.server.host = "localhost";
  EXPECT_TRUE(client{s}.open());
  s.server.host = shared_server().socket_dir().string();
  const auto by_socket = client{s}.open();
  ASSERT_TRUE(by_socket);
  EXPECT_EQ((*by_socket)->peer(),
            s.server.host + "/.s.PGSQL." + std::to_string(shared_server().port()));
}

TEST(postgres_connect, wrong_password) {
  const auto e = failure(as(settings_for(locked_server()), "postgres", std::string{canary} + "x"));
  EXPECT_EQ(e.code, errc::authentication_failed);
  EXPECT_EQ(e.native_code, "28P01");
  EXPECT_NE(e.message.find("refused the password of user \"postgres\""), std::string::npos);
}

TEST(postgres_connect, missing_password) {
  const auto e = failure(as(settings_for(locked_server()), "postgres", ""));
  EXPECT_EQ(e.code, errc::authentication_failed);
  EXPECT_NE(e.message.find("none was given"), std::string::npos);
}

TEST(postgres_connect, unknown_database) {
  auto s = settings_for(locked_server());
  s.database = "nowhere";
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::unknown_database);
  EXPECT_NE(e.message.find("has no database \"nowhere\""), std::string::npos);
  EXPECT_FALSE(client{s}.driver().condemns_host(e));
}

TEST(postgres_connect, refused_port) {
  const mute_server nobody; // bound, so that nobody else takes the port, and not listening
  auto s = settings_for(locked_server());
  s.server.port = nobody.port;
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::connect_refused);
  EXPECT_NE(e.message.find("nothing listens at 127.0.0.1:"), std::string::npos);
  EXPECT_TRUE(client{s}.driver().condemns_host(e));
}

TEST(postgres_connect, no_such_socket) {
  auto s = settings_for(locked_server());
  s.server.host = "/nowhere";
  EXPECT_EQ(failure(s).code, errc::connect_refused);
}

TEST(postgres_connect, unresolvable_name) {
  auto s = settings_for(locked_server());
  s.server.host = "no-such-host.invalid";
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::name_not_resolved);
  EXPECT_NE(e.message.find("no-such-host.invalid"), std::string::npos);
}

TEST(postgres_connect, a_server_that_never_answers) {
  const mute_server mute;
  mute.listen();
  auto s = settings_for(locked_server());
  s.server.port = mute.port;
  const auto e = failure(s, 200ms);
  EXPECT_EQ(e.code, errc::connect_timeout);
  EXPECT_NE(e.message.find("login did not end in time"), std::string::npos);
}

/// Takes connections into its queue until that is full: then the kernel drops what knocks.
struct black_hole : mute_server {
  black_hole() {
    ::listen(descriptor, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    for (auto& d : fillers) {
      d = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      ::connect(d, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }
  }
  ~black_hole() {
    for (const int d : fillers) ::close(d);
  }
  std::array<int, 4> fillers{};
};

TEST(postgres_connect, a_black_hole_ends_in_the_timeout) {
  const black_hole nothing;
  auto s = settings_for(locked_server());
  s.server.port = nothing.port;
  for (const auto mode : {tls_mode::disable, tls_mode::verify_full}) {
    s.tls = {.mode = mode, .ca_file = locked_server().ca_file().string()};
    const auto e = failure(s, 300ms);
    EXPECT_EQ(e.code, errc::connect_timeout);
    EXPECT_NE(e.message.find("did not answer in time"), std::string::npos) << e.message;
    EXPECT_TRUE(client{s}.driver().condemns_host(e));
  }
}

TEST(postgres_connect, a_server_that_is_mute_before_tls) {
  const mute_server mute;
  mute.listen();
  auto s = settings_for(locked_server());
  s.server.port = mute.port;
  s.tls.mode = tls_mode::require;
  const auto e = failure(s, 200ms);
  EXPECT_EQ(e.code, errc::connect_timeout);
  EXPECT_NE(e.message.find("TLS was not ready in time"), std::string::npos) << e.message;
}

/// The socket of this process that is connected to `port`.
int socket_to(std::uint16_t port) {
  for (int d = 3; d < 1024; ++d) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (::getpeername(d, reinterpret_cast<sockaddr*>(&at), &size) == 0 &&
        at.sin_family == AF_INET && ntohs(at.sin_port) == port)
      return d;
  }
  return -1;
}

int option_of(int descriptor, int level, int option) {
  int number = -1;
  socklen_t size = sizeof number;
  ::getsockopt(descriptor, level, option, &number, &size);
  return number;
}

TEST(postgres_connect, keepalives_are_set) {
  auto s = settings_for(locked_server()); // no other connection to it is open now
  ASSERT_EQ(socket_to(*s.server.port), -1);
  {
    const auto opened = client{s}.open().value();
    const int d = socket_to(*s.server.port);
    ASSERT_GE(d, 0);
    EXPECT_EQ(option_of(d, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option_of(d, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    EXPECT_EQ(option_of(d, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    EXPECT_EQ(option_of(d, IPPROTO_TCP, TCP_KEEPCNT), 3);
  }
  ASSERT_EQ(socket_to(*s.server.port), -1);
  s.engine.keepalive_idle = 1500ms;
  s.engine.keepalive_interval = 2s;
  s.engine.keepalive_count = 7;
  {
    const auto opened = client{s}.open().value();
    const int d = socket_to(*s.server.port);
    EXPECT_EQ(option_of(d, IPPROTO_TCP, TCP_KEEPIDLE), 2); // whole seconds, upwards
    EXPECT_EQ(option_of(d, IPPROTO_TCP, TCP_KEEPINTVL), 2);
    EXPECT_EQ(option_of(d, IPPROTO_TCP, TCP_KEEPCNT), 7);
  }
  s.engine.keepalive_idle = std::nullopt;
  const auto opened = client{s}.open().value();
  EXPECT_EQ(option_of(socket_to(*s.server.port), SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST(postgres_connect, a_full_server) {
  auto s = settings_for(locked_server());
  s.credentials = [] { return result<credential>{credential{"plain", secret{"plain"}}}; };
  client boss{settings_for(locked_server())};
  boss.execute("drop role if exists plain").value();
  boss.execute("create role plain login password 'plain'").value();
  std::vector<connection_ptr> open;
  client c{s};
  for (int i = 0; i < 12; ++i) {
    auto opened = c.open();
    if (!opened) {
      EXPECT_EQ(opened.error().code, errc::too_many_connections);
      EXPECT_FALSE(c.driver().condemns_host(opened.error()));
      return;
    }
    open.push_back(std::move(*opened));
  }
  FAIL() << "never full";
}

TEST(postgres_connect, a_setting_that_the_server_does_not_know) {
  auto s = settings_for(shared_server());
  s.engine.options = "-c no_such_setting=1";
  EXPECT_EQ(failure(s).code, errc::invalid_configuration);
}

TEST(postgres_connect, an_environment_that_libpq_cannot_read_is_no_outage) {
  const auto s = settings_for(shared_server()); // starts it: that must not see the variable
  ::setenv("PGSERVICE", "no-such-service", 1);
  const auto e = failure(s);
  ::unsetenv("PGSERVICE");
  EXPECT_EQ(e.code, errc::invalid_configuration);
  EXPECT_NE(e.message.find("PGSERVICE"), std::string::npos) << e.message;
  EXPECT_NE(e.native_message.find("no-such-service"), std::string::npos) << e.native_message;
  EXPECT_FALSE(client{s}.driver().condemns_host(e));
  EXPECT_TRUE(client{s}.open());
}

TEST(postgres_connect, the_environment_does_not_say_where_to_go) {
  const auto s = settings_for(shared_server());
  for (const auto& [name, text] :
       std::vector<std::pair<const char*, const char*>>{{"PGHOST", "192.0.2.1"},
                                                        {"PGHOSTADDR", "192.0.2.1"},
                                                        {"PGPORT", "1"},
                                                        {"PGUSER", "nobody"},
                                                        {"PGDATABASE", "nowhere"},
                                                        {"PGSSLMODE", "verify-full"},
                                                        {"PGOPTIONS", "-c no_such=1"},
                                                        {"PGAPPNAME", "other"},
                                                        {"PGCLIENTENCODING", "LATIN1"},
                                                        {"PGSSLROOTCERT", "/nowhere"},
                                                        {"PGPASSFILE", "/nowhere"},
                                                        {"PGGSSENCMODE", "require"},
                                                        {"PGTARGETSESSIONATTRS", "standby"}}) {
    ::setenv(name, text, 1);
    client c{s};
    EXPECT_EQ(c.one("select current_setting('application_name') || current_setting("
                    "'client_encoding') || current_user || current_database()"),
              value{"holdfastUTF8postgrespostgres"})
        << name;
    ::unsetenv(name);
  }
}

TEST(postgres_connect, an_environment_that_would_mislead_is_refused) {
  auto s = settings_for(shared_server());
  s.server.host = shared_server().socket_dir().string();
  for (const auto& [name, text] : std::vector<std::pair<const char*, const char*>>{
           {"PGHOSTADDR", "127.0.0.1"}, {"PGDATESTYLE", "German"}}) {
    ::setenv(name, text, 1);
    const auto e = failure(s);
    ::unsetenv(name);
    EXPECT_EQ(e.code, errc::invalid_configuration);
    EXPECT_NE(e.message.find(name), std::string::npos) << e.message;
    EXPECT_FALSE(client{s}.driver().condemns_host(e));
  }
  EXPECT_TRUE(client{s}.open());
}

/// SECURITY.md lists them.
TEST(postgres_connect, what_the_environment_still_says_to_libpq) {
  auto s = settings_for(shared_server());
  const auto said = [&s](const char* name, const char* text, auto ask) {
    ::setenv(name, text, 1);
    client c{s};
    auto answer = ask(c);
    ::unsetenv(name);
    return answer;
  };
  const auto zone = [](client& c) { return c.one("show timezone"); };
  const auto enters = [](client& c) { return c.open().has_value(); };
  EXPECT_EQ(said("PGTZ", "Asia/Tokyo", zone), value{"Asia/Tokyo"});
  EXPECT_FALSE(said("PGCHANNELBINDING", "require", enters)) << "there is no TLS";
  EXPECT_FALSE(said("PGSSLMINPROTOCOLVERSION", "TLSv9", enters));
  EXPECT_FALSE(said("PGSSLMAXPROTOCOLVERSION", "TLSv9", enters));
  s.server.host = shared_server().socket_dir().string();
  EXPECT_FALSE(said("PGREQUIREPEER", "nobody-at-all", enters));
}

TEST(postgres_connect, the_provider_is_asked_each_time_and_its_error_is_ours) {
  auto s = settings_for(shared_server());
  int asked = 0;
  s.credentials = [&asked]() -> result<credential> {
    if (++asked > 1) return make_error(errc::invalid_configuration, "the vault is shut");
    return credential{"postgres", {}};
  };
  client c{s};
  EXPECT_TRUE(c.open());
  const auto second = c.open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "the vault is shut");
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
