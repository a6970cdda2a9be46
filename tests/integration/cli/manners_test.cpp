// Exit codes, who hears what, suggestions, and no secret anywhere.
#include "integration/cli/program.hpp"
#include "testing/postgres_server.hpp"
#include "testing/server_files.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string canary = "canary7f3a91";

std::string nobody() {
  return "postgresql://app@127.0.0.1:" + std::to_string(testing::free_port()) + "/shop";
}

TEST(manners, a_mistyped_command_gets_a_suggestion_and_exit_2) {
  const ran r = holdfast("dmeo");
  EXPECT_EQ(r.code, 2);
  EXPECT_EQ(r.out, "");
  EXPECT_THAT(r.err, HasSubstr("did you mean demo?"));
  EXPECT_THAT(holdfast("config shwo").err, HasSubstr("did you mean show?"));
  EXPECT_THAT(holdfast("demo-intrude x").err, Not(HasSubstr("intruder")));
}

TEST(manners, a_mistyped_option_gets_a_suggestion_and_exit_2) {
  const ran r = holdfast("demo --secnds=3");
  EXPECT_EQ(r.code, 2);
  EXPECT_THAT(r.err, HasSubstr("there is no option --secnds; did you mean --seconds?"));
  EXPECT_EQ(holdfast("demo --seed 1 --secnds 3").code, 2);
}

TEST(manners, a_value_that_does_not_fit_names_the_option_and_what_it_takes) {
  const ran r = holdfast("wait --timeout 5 sqlite:x");
  EXPECT_EQ(r.code, 2);
  EXPECT_THAT(r.err, HasSubstr("--timeout: given 5; takes a duration"));
  EXPECT_EQ(holdfast("demo oracle").code, 2);
  EXPECT_EQ(holdfast("demo --callers 0").code, 2);
  EXPECT_EQ(holdfast("demo sqlite --url postgresql://h/d").code, 2);
}

TEST(manners, help_leads_with_examples_and_goes_to_standard_output) {
  const ran r = holdfast("wait --help");
  EXPECT_EQ(r.code, 0);
  EXPECT_LT(r.out.find("Examples:"), r.out.find("Usage:"));
  EXPECT_EQ(holdfast("help wait").out, r.out);
  const ran none = holdfast("");
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("Examples:"));
}

TEST(manners, the_version_names_compiler_and_engines) {
  const ran r = holdfast("--version");
  EXPECT_EQ(r.code, 0);
  EXPECT_THAT(r.out, HasSubstr("holdfast "));
  EXPECT_THAT(r.out, HasSubstr("postgresql (libpq "));
  EXPECT_TRUE(boost::json::parse(holdfast("--json --version").out).as_object().contains("engines"));
}

TEST(config, show_masks_secrets_and_tells_origins) {
  const std::string url = "'postgresql://app:" + canary + "@db/shop?pool.max_size=7'";
  for (const char* how : {"", " --origin", " --json", " --origin --json"}) {
    const ran r = holdfast("config show " + url + how);
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_THAT(r.out + r.err, Not(HasSubstr(canary)));
    EXPECT_THAT(r.out, HasSubstr("***"));
  }
  EXPECT_THAT(holdfast("config show --origin " + url).out,
              HasSubstr("URL parameter pool.max_size"));
}

TEST(config, check_tells_all_violations_at_once_and_opens_nothing) {
  const folder f;
  std::ofstream{f / "bad.toml"} << "[database.shop]\nurl = \"sqlite:" << f / "shop.db"
                                << "\"\npool.max_size = 0\npool.mni_size = 3\n"
                                << "password = \"" << canary << "\"\n";
  const ran r = holdfast("config check --json " + (f / "bad.toml"));
  EXPECT_EQ(r.code, 2);
  const auto answer = boost::json::parse(r.out).as_object();
  EXPECT_FALSE(answer.at("ok").as_bool());
  EXPECT_GE(answer.at("violations").as_array().size(), 2U);
  EXPECT_THAT(r.err, HasSubstr("bad.toml:3"));
  EXPECT_THAT(r.err, HasSubstr("did you mean pool.min_size?"));
  EXPECT_THAT(r.out + r.err, Not(HasSubstr(canary)));
  EXPECT_FALSE(std::filesystem::exists(f / "shop.db"));
}

TEST(config, check_reads_every_database_of_a_file) {
  const folder f;
  std::ofstream{f / "holdfast.toml"} << "[database.shop]\nurl = \"sqlite:a.db\"\n"
                                     << "[database.stock]\nurl = \"sqlite:b.db\"\n";
  const ran r = holdfast("config check " + (f / "holdfast.toml"));
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("shop, stock"));
  EXPECT_EQ(holdfast("config check " + (f / "holdfast.toml") + " shpo").code, 2);
  EXPECT_EQ(holdfast("config check no-such.toml").code, 2);
}

TEST(wait, ends_at_its_timeout_with_the_real_cause) {
  const auto began = std::chrono::steady_clock::now();
  const ran r = holdfast("wait --timeout 700ms " + nobody());
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(r.code, 1);
  EXPECT_EQ(r.out, "");
  EXPECT_THAT(r.err, HasSubstr("waiting for postgresql://app@127.0.0.1:"));
  EXPECT_THAT(r.err, HasSubstr("no answer within 700ms: connect_refused"));
  EXPECT_GE(took, 700ms);
  EXPECT_LT(took, 5s);
}

TEST(wait, a_file_that_comes_into_being_ends_it_and_a_missing_one_is_not_made) {
  const folder f;
  const std::string file = f / "app.db";
  EXPECT_EQ(holdfast("wait --timeout 200ms sqlite://" + file).code, 1);
  EXPECT_FALSE(std::filesystem::exists(file));
  std::thread maker{[&] {
    std::this_thread::sleep_for(300ms);
    std::ofstream{file};
  }};
  const ran r = holdfast("wait --json --timeout 10s sqlite://" + file);
  maker.join();
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_TRUE(boost::json::parse(r.out).as_object().at("ok").as_bool());
}

TEST(wait, a_server_that_starts_meanwhile_ends_it_and_a_wrong_password_is_told_at_once) {
  testing::postgres_server server{{.password = canary}};
  std::thread starter{[&] {
    std::this_thread::sleep_for(500ms);
    server.start();
  }};
  // By standard input, so that no password is on a command line.
  const ran r = holdfast("wait - --timeout 60s", "echo '" + server.url() + "' |");
  starter.join();
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("answers, after"));
  EXPECT_THAT(r.out + r.err, Not(HasSubstr(canary)));

  std::string wrong = server.url();
  wrong.replace(wrong.find(canary), canary.size(), canary + "x");
  const auto began = std::chrono::steady_clock::now();
  const ran refused = holdfast("wait --timeout 60s", "HOLDFAST_URL='" + wrong + "'");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("authentication_failed"));
  EXPECT_THAT(refused.out + refused.err, Not(HasSubstr(canary)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
}

TEST(ping, counts_round_trips) {
  const folder f;
  std::ofstream{f / "app.db"};
  const std::string url = "sqlite://" + f / "app.db";
  const ran r = holdfast("ping --count 7 --interval 1ms " + url);
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("7 of 7 answered"));
  const auto all = boost::json::parse(holdfast("ping --json -n 3 --interval 0ms " + url).out);
  EXPECT_EQ(all.at("answered").to_number<int>(), 3);
  EXPECT_LE(all.at("min_ms").to_number<double>(), all.at("max_ms").to_number<double>());
  EXPECT_EQ(holdfast("ping --count 1 " + nobody()).code, 1);
}

} // namespace
} // namespace holdfast::test
