// A random password appears nowhere but in the handshake.
#include "integration/database/engines.hpp"

#include <holdfast/config.hpp>
#include <holdfast/exceptions.hpp>

#include <fstream>
#include <random>
#include <sstream>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

std::string random_canary() {
  std::random_device device;
  std::string text = "canary";
  for (int i = 0; i < 4; ++i) text += std::to_string(device());
  return text;
}

std::string everything(const error& e) {
  return to_string(e) + e.message + e.native_message + e.outcome_token + e.where.database +
         e.where.host + user_message(e);
}

TEST(canary, the_password_is_in_no_log_metric_error_or_report) {
  const std::string password = random_canary();
  testing::postgres_server locked{{.password = password}};
  locked.start();
  locked.wait_ready();
  std::string log_file = ::testing::TempDir() + "holdfast-canary.log";
  std::remove(log_file.c_str());
  std::string seen;
  {
    database_options o;
    o.log.level = log_level::trace;
    o.log.file = log_file;
    o.retry.on_outage = on_outage::fail_fast;
    database db = postgres::connect(locked.url(), o);
    EXPECT_EQ(db.query_value<long>("select 1"), 1);
    if (auto r = db.try_execute("select no_such_column"); !r) seen += everything(r.error());
    locked.stop(testing::postgres_server::stop_mode::immediate);
    for (int i = 0; i < 5; ++i)
      if (auto r = db.try_execute("select 1"); !r) seen += everything(r.error());
    seen += prometheus_text({&db});
    const auto s = db.status();
    seen += s.name + s.hosts[0].host + s.hosts[0].last_error;
    for (const auto& reason : db.health().reasons) seen += reason;
  }
  std::string wrong = locked.url();
  wrong.replace(wrong.find(password), password.size(), password + "x");
  locked.restart();
  try {
    (void)postgres::connect(wrong, test::quiet());
    ADD_FAILURE() << "a wrong password was taken";
  } catch (const database_error& e) {
    seen += everything(e.details()) + e.what();
  }
  for (const setting& s : examine_url(locked.url()).config.settings) seen += s.value;
  std::ifstream log{log_file};
  std::stringstream text;
  text << log.rdbuf();
  EXPECT_FALSE(text.str().empty());
  seen += text.str();
  EXPECT_EQ(seen.find(password), std::string::npos);
  EXPECT_GT(seen.size(), 500U);
}

} // namespace
} // namespace holdfast
