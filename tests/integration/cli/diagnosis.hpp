// One run of holdfast doctor, to be asked for its rows.
#pragma once

#include "integration/cli/program.hpp"

#include <holdfast/options.hpp>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace holdfast::test {

inline const std::string canary = "canary7f3a91";

inline database_options quiet() {
  database_options o;
  o.log.enabled = false;
  return o;
}

struct row {
  std::string verdict;
  std::string found;
  std::string fix;
};

/// One run with --json, its rows to be asked for by name.
class diagnosis {
public:
  explicit diagnosis(const std::string& arguments, const std::string& before = "")
      : ran_{holdfast("doctor --json " + arguments, before)} {
    EXPECT_THAT(ran_.out + ran_.err, ::testing::Not(::testing::HasSubstr(canary)));
    if (!ran_.out.empty()) all_ = boost::json::parse(ran_.out);
  }
  [[nodiscard]] int code() const { return ran_.code; }
  [[nodiscard]] const std::string& err() const { return ran_.err; }
  [[nodiscard]] const boost::json::value& all() const { return all_; }
  /// The first of that name, of any host or of one.
  [[nodiscard]] row operator[](std::string_view check) const { return of("", check); }
  [[nodiscard]] row of(std::string_view host, std::string_view check) const {
    for (const auto& r : all_.at("rows").as_array())
      if (r.at("check").as_string() == check && (host.empty() || r.at("host").as_string() == host))
        return {text(r, "verdict"), text(r, "found"), text(r, "fix")};
    return {"missing", ran_.out, ""};
  }
  [[nodiscard]] std::vector<std::string> checks_that_are(std::string_view verdict) const {
    std::vector<std::string> names;
    for (const auto& r : all_.at("rows").as_array())
      if (r.at("verdict").as_string() == verdict) names.push_back(text(r, "check"));
    return names;
  }

private:
  static std::string text(const boost::json::value& r, const char* key) {
    return std::string{r.at(key).as_string()};
  }
  ran ran_;
  boost::json::value all_;
};

} // namespace holdfast::test
