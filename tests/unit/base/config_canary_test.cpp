// A password must not show, however wrongly it was written down.
#include "base/percent.hpp"
#include "fake_sources.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace holdfast {
namespace {

using testing::fake_sources;

constexpr const char* file = "holdfast.toml";

// Two halves around a character that breaks whatever syntax it stands in.
struct canary {
  std::string left;
  std::string right;
  std::string broken_by(char c) const { return left + c + right; }
};

canary make_canary(unsigned seed) {
  std::mt19937 random{seed};
  const auto word = [&] {
    std::string text = "Q"; // no word of ours begins so
    for (int i = 0; i < 9; ++i) text += "abcdefghijklmnopqrstuvwxyzXYZ0123456789"[random() % 39];
    return text;
  };
  return {word(), word()};
}

std::string everything(const config_report& report) {
  std::string text;
  for (const auto& v : report.violations)
    text += v.key + v.origin + v.given + v.takes + to_string(v) + "\n";
  for (const auto& s : report.config.settings) text += s.key + s.value + s.origin + "\n";
  text += report.config.options.name + "\n";
  const auto as_result = to_result(report);
  if (!as_result) {
    text += as_result.error().message + as_result.error().native_message;
    text += to_string(as_result.error()) + user_message(as_result.error());
  }
  return text;
}

void expect_hidden(const config_report& report, const canary& c, const std::string& how) {
  const auto text = everything(report);
  const auto seen = std::min(text.find(c.left), text.find(c.right));
  EXPECT_EQ(seen, std::string::npos) << how << "\n" << text.substr(seen < 80 ? 0 : seen - 80, 200);
}

constexpr std::string_view breakers = "@:/?#[]%&=+ \t\"'\\,;!$*";

TEST(Canary, InAUrlWhateverStandsInThePassword) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto c = make_canary(seed);
    for (const char breaker : breakers) {
      const auto word = c.broken_by(breaker);
      std::vector<std::string> urls{"postgresql://app:" + word + "@db.example/shop",
                                    "postgresql://app:" + word + "@db:x/shop?pol=1",
                                    "postgresql://app@h/d?password=" + word,
                                    "postgresql://app@h/d?pasword=" + word,
                                    "postgresql://app@h/d?password=" + word + "&x=" + word + "=" +
                                        word,
                                    "postgresql://app@h/d?pasword=" + c.left + "&" + c.right + "=1",
                                    "postgresql:/app:" + word + "@h",
                                    "redis://:" + word + "@h",
                                    "sqlite:a.db?password=" + c.left,
                                    "postgresql://u:x@h?password=" + c.left,
                                    "postgresql://app:" + word + "@h/a/b",
                                    "postgresql://app:" + word + "@[::1",
                                    "postgresql://app:" + word + "@"};
      // With '@' this one is a well-formed URL of another host.
      if (breaker != '@') urls.push_back("postgresql://app:" + word);
      for (const auto& url : urls)
        expect_hidden(examine_url(url, {}, fake_sources{}.sources()), c, url);
    }
  }
}

TEST(Canary, InAFile) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto c = make_canary(seed);
    for (const char breaker : breakers) {
      const auto word = c.broken_by(breaker);
      for (const auto& line :
           {"password = \"" + word + "\"", "password = " + word, "password = '" + word,
            "pasword = \"" + word + "\"", "password = [\"" + word + "\"]",
            "password = {a = \"" + word + "\"}", "password = 12" + word, "password = true" + word,
            "password = 2026-01-01" + word, "password = \"\"\"" + word,
            "url = \"postgresql://app:" + word + "@h\"", "host = \"app:" + word + "@h\"",
            "password = \"x\" " + word, "password = \"x\"\npassword = \"" + word + "\"",
            "password = inf" + word, "password = 0x" + word, "password = +" + word}) {
        const fake_sources from{
            .variables = {},
            .files = {{file, "[database.shop]\nurl = \"postgresql://h\"\n" + line + "\n"}}};
        expect_hidden(examine_config(file, "shop", from.sources()), c, line);
      }
    }
  }
}

// What the parser of TOML would quote in its own words.
TEST(Canary, InWhatTheParserSaw) {
  for (const std::string password :
       {"99999999999999999999999", "fals3", "nahunter", "2026-01-0x"}) {
    const fake_sources from{.variables = {},
                            .files = {{file, "[database.shop]\npassword = " + password + "\n"}}};
    const auto report = examine_config(file, "shop", from.sources());
    ASSERT_EQ(report.violations.size(), 1U);
    EXPECT_EQ(testing::all_violations(report).find(password.substr(0, 3)), std::string::npos)
        << testing::all_violations(report);
  }
}

TEST(Canary, InVariablesServiceAndCode) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto c = make_canary(seed);
    for (const char breaker : breakers) {
      const auto word = c.broken_by(breaker);
      for (const auto& [name, value] : std::map<std::string, std::string>{
               {"PGPASSWORD", word},
               {"HOLDFAST_PASSWORD", word},
               {"HOLDFAST_URL", "postgresql://app:" + word + "@h"}}) {
        const fake_sources from{.variables = {{name, value}, {"HOLDFAST_POOL_MAX_SIZE", "many"}},
                                .files = {{file, "[database.shop]\n"}}};
        expect_hidden(examine_config(file, "shop", from.sources()), c, name);
      }
      const fake_sources service{
          .variables = {{"PGSERVICE", "s"}, {"PGSERVICEFILE", "/s"}},
          .files = {{"/s", "[s]\npassword=" + word + "\npasword=" + word + "\n"}}};
      database_options code;
      code.credentials.password = secret{word};
      code.credentials.password_env = "ALSO";
      expect_hidden(examine_url("postgresql://h", code, service.sources()), c, "service and code");
    }
  }
}

TEST(Canary, TheTestWouldSeeOne) {
  const auto c = make_canary(1);
  const auto report =
      examine_url("sqlite:" + c.left + ".db", {}, fake_sources{}.sources()); // not a secret
  EXPECT_NE(everything(report).find(c.left), std::string::npos);
}

} // namespace
} // namespace holdfast
