// A password that changes under a driver.
#include "integration/postgres/fixture.hpp"

#include <functional>

namespace holdfast::drivers::postgres::tests {
namespace {

postgres_server& scram_server() {
  static const auto server = [] {
    postgres_server_options options;
    options.password = "of the boss";
    options.fsync = false;
    auto made = std::make_unique<postgres_server>(options);
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

/// A role whose password the server and the client's source change apart from each other.
struct postgres_rotation : ::testing::Test {
  postgres_rotation() {
    boss.execute("drop role if exists app").value();
    boss.execute("create role app login password 'first'").value();
  }
  void server_takes(const std::string& password) {
    boss.execute("alter role app password '" + password + "'").value();
  }
  settings reading(std::function<std::string(int)> source) {
    settings s = settings_for(scram_server());
    s.credentials = [this, source]() -> result<credential> {
      return credential{"app", secret{source(++asked)}};
    };
    return s;
  }

  client boss{settings_for(scram_server())};
  int asked = 0;
};

TEST_F(postgres_rotation, between_reading_and_the_servers_check_costs_a_second_read_and_no_error) {
  client c{reading([this](int n) -> std::string {
    if (n > 1) return "second";
    server_takes("second"); // after we read, before the server checks
    return "first";
  })};
  const auto opened = c.open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(c.driver().rotations(), 0U) << "no session entered with the old one";
}

TEST_F(postgres_rotation, a_password_that_stays_wrong_is_tried_once) {
  client c{reading([](int) { return "wrong"; })};
  const auto before = scram_server().log_tail(1 << 20);
  const auto opened = c.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::authentication_failed);
  EXPECT_EQ(asked, 2);
  const auto logged = scram_server().log_tail(1 << 20).substr(before.size());
  const std::string refusal = "password authentication failed for user \"app\"";
  const auto first = logged.find(refusal);
  ASSERT_NE(first, std::string::npos) << logged;
  EXPECT_EQ(logged.find(refusal, first + 1), std::string::npos)
      << "a second try locks accounts: " << logged;
}

TEST_F(postgres_rotation, two_wrong_passwords_end_in_the_error) {
  client c{reading([](int n) { return "wrong" + std::to_string(n); })};
  const auto opened = c.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::authentication_failed);
  EXPECT_EQ(asked, 2);
}

TEST_F(postgres_rotation, a_source_that_fails_the_second_time_leaves_the_servers_answer) {
  settings s = reading({});
  s.credentials = [this]() -> result<credential> {
    if (++asked > 1) return make_error(errc::invalid_configuration, "the file is gone");
    return credential{"app", secret{"wrong"}};
  };
  const auto opened = client{s}.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::authentication_failed);
}

TEST_F(postgres_rotation, is_counted_once_a_connect_succeeded_with_it) {
  std::string written = "first";
  client c{reading([&written](int) { return written; })};
  ASSERT_TRUE(c.open());
  ASSERT_TRUE(c.open());
  EXPECT_EQ(c.driver().rotations(), 0U);
  written = "second";
  ASSERT_FALSE(c.open()) << "the server does not know it yet";
  EXPECT_EQ(c.driver().rotations(), 0U);
  server_takes("second");
  ASSERT_TRUE(c.open());
  EXPECT_EQ(c.driver().rotations(), 1U);
  ASSERT_TRUE(c.open());
  EXPECT_EQ(c.driver().rotations(), 1U);
}

TEST_F(postgres_rotation, is_not_seen_where_each_connect_has_a_token_of_its_own) {
  settings s = reading([this](int n) {
    server_takes("token" + std::to_string(n));
    return "token" + std::to_string(n);
  });
  s.counts_rotations = false;
  client c{s};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(c.open());
  EXPECT_EQ(c.driver().rotations(), 0U);
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
