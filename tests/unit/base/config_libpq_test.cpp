#include "fake_sources.hpp"

#include <gtest/gtest.h>
#include <string>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using testing::all_violations;
using testing::fake_sources;
using testing::setting_of;

const host_port db{"db.example", std::nullopt};

database_config configure(std::string_view url, const fake_sources& from) {
  auto report = examine_url(url, {}, from.sources());
  EXPECT_EQ(all_violations(report), "");
  return std::move(report.config);
}

TEST(Libpq, VariablesFillWhatNobodyElseSays) {
  fake_sources from;
  from.variables = {{"PGHOST", "db.example"},   {"PGPORT", "6000"},
                    {"PGUSER", "app"},          {"PGDATABASE", "shop"},
                    {"PGPASSWORD", "pw"},       {"PGSSLMODE", "verify-ca"},
                    {"PGSSLROOTCERT", "ca"},    {"PGAPPNAME", "till"},
                    {"PGCONNECT_TIMEOUT", "7"}, {"PGOPTIONS", "-c search_path=shop"}};
  const auto c = configure("postgresql://", from);
  EXPECT_EQ(c.target.hosts, (std::vector<host_port>{{"db.example", std::uint16_t{6000}}}));
  EXPECT_EQ(c.target.user, "app");
  EXPECT_EQ(c.target.database, "shop");
  EXPECT_EQ(c.options.credentials.password.reveal(), "pw");
  EXPECT_EQ(c.options.tls.mode, tls_mode::verify_ca);
  EXPECT_EQ(c.options.tls.ca_file, "ca");
  EXPECT_EQ(c.options.application_name, "till");
  EXPECT_EQ(c.options.pool.connect_timeout, 7s);
  EXPECT_EQ(c.options.postgres.options, "-c search_path=shop");
  EXPECT_EQ(setting_of(c, "host").origin, "PGHOST");
  EXPECT_EQ(setting_of(c, "password").value, "***");
}

TEST(Libpq, VariablesAreWeakerThanFileAndUrl) {
  fake_sources from{.variables = {{"PGUSER", "pg"}, {"PGAPPNAME", "pg"}, {"PGHOST", "pg"}},
                    .files = {{"h.toml", R"([database.shop]
url = "postgresql://h"
application_name = "file")"}}};
  const auto c = examine_config("h.toml", "shop", from.sources()).config;
  EXPECT_EQ(c.target.hosts.at(0).host, "h");
  EXPECT_EQ(c.options.application_name, "file");
  EXPECT_EQ(c.target.user, "pg");
}

TEST(Libpq, AnAddressBesideTheHostIsRefusedWhereItWouldCount) {
  const auto faults = [](std::string_view url, std::map<std::string, std::string> variables) {
    variables["PGHOSTADDR"] = "10.0.0.5";
    const fake_sources from{.variables = std::move(variables)};
    return all_violations(examine_url(url, {}, from.sources()));
  };
  const std::string told = "PGHOSTADDR (environment): given \"10.0.0.5\"; takes nothing: unset it, "
                           "and give the address as the host (in PGHOST or the URL)\n";
  EXPECT_EQ(faults("postgresql://", {}), told);
  EXPECT_EQ(faults("postgresql://", {{"PGHOST", "db"}}), told);
  EXPECT_EQ(faults("postgresql:///?host=/run/postgresql", {}), told) << "libpq would go there";
  EXPECT_EQ(faults("postgresql://db", {}), "") << "the URL is stronger than PG* variables";
  EXPECT_EQ(faults("sqlite:a.db", {}), "");
}

TEST(Libpq, OtherEnginesDoNotSeeThem) {
  fake_sources from;
  from.variables = {{"PGUSER", "pg"}, {"PGHOST", "pg"}, {"PGDATABASE", "pg"}};
  EXPECT_EQ(configure("sqlite:a.db", from).target.database, "a.db");
  EXPECT_EQ(configure("mysql://h", from).target.user, "alice")
      << "the system's, as its own client does";
  EXPECT_EQ(configure("mariadb://h", from).target.scheme, "mysql");
}

TEST(Libpq, UserAndDatabaseFallBack) {
  const auto c = configure("postgresql://h", {});
  EXPECT_EQ(c.target.user, "alice");
  EXPECT_EQ(c.target.database, "alice");
  EXPECT_EQ(setting_of(c, "user").origin, "operating system");
}

TEST(Libpq, ZeroIsNotForEver) {
  fake_sources from;
  from.variables = {{"PGCONNECT_TIMEOUT", "0"}, {"PGSSLMODE", "prefer"}};
  const auto report = examine_url("postgresql://h", {}, from.sources());
  EXPECT_EQ(report.violations.size(), 2U) << all_violations(report);
}

fake_sources with_service() {
  return {.variables = {{"HOME", "/home/alice"}, {"PGAPPNAME", "weaker"}, {"PGSERVICE", "shop"}},
          .files = {{"/home/alice/.pg_service.conf",
                     "# comment\n[other]\nhost=wrong\n[shop]\nhost=db.example\nport=6000\n"
                     "dbname=shop\nuser = app\nconnect_timeout=3\napplication_name=till\n"}}};
}

TEST(Libpq, AServiceTakesPart) {
  const auto c = configure("postgresql://", with_service());
  EXPECT_EQ(c.target.hosts, (std::vector<host_port>{{"db.example", std::uint16_t{6000}}}));
  EXPECT_EQ(c.target.database, "shop");
  EXPECT_EQ(c.target.user, "app");
  EXPECT_EQ(c.options.pool.connect_timeout, 3s);
  EXPECT_EQ(c.options.application_name, "till") << "stronger than the variables";
  EXPECT_EQ(setting_of(c, "database").origin, "/home/alice/.pg_service.conf:7");
  EXPECT_EQ(configure("postgresql:///mine?service=other", with_service()).target.database, "mine");
}

TEST(Libpq, AServiceThatIsNotThere) {
  auto from = with_service();
  from.variables["PGSERVICE"] = "nope";
  EXPECT_EQ(examine_url("postgresql://", {}, from.sources()).violations.size(), 1U);
  from.files.clear();
  EXPECT_EQ(examine_url("postgresql://", {}, from.sources()).violations.size(), 1U);
}

TEST(Libpq, FaultsOfAServiceHaveTheirLine) {
  auto from = with_service();
  from.files["/home/alice/.pg_service.conf"] = "[shop]\nhots=x\nnonsense\nport=0\n";
  const auto text = all_violations(examine_url("postgresql://", {}, from.sources()));
  EXPECT_EQ(text, "hots (/home/alice/.pg_service.conf:2): given an unknown option; takes a known "
                  "one; did you mean host?\n"
                  "service (/home/alice/.pg_service.conf:3): given a line without '='; takes "
                  "parameter=value\n"
                  "port (/home/alice/.pg_service.conf:4): given \"0\"; takes a port from 1 to "
                  "65535\n");
}

TEST(Credential, FromEachPlace) {
  fake_sources from{.variables = {{"SHOP_PW", "from variable"}},
                    .files = {{"/run/secrets/shop", "from file\r\nsecond line\n"}}};
  const auto password = [&](std::string_view url) {
    const auto c = configure(url, from);
    return std::string{read_credential(c, db, from.sources()).value().password.reveal()};
  };
  EXPECT_EQ(password("postgresql://app:literal@h"), "literal");
  EXPECT_EQ(password("postgresql://app@h?password_env=SHOP_PW"), "from variable");
  EXPECT_EQ(password("postgresql://app@h?password_file=/run/secrets/shop"), "from file");
  EXPECT_EQ(password("postgresql://app@h"), "");
}

TEST(Credential, IsReadAnewEachTime) {
  fake_sources from;
  from.variables = {{"SHOP_PW", "old"}};
  const auto c = configure("postgresql://app@h?password_env=SHOP_PW", from);
  from.variables["SHOP_PW"] = "new";
  EXPECT_EQ(read_credential(c, db, from.sources()).value().password.reveal(), "new");
}

TEST(Credential, WhatIsMissingIsNamed) {
  const fake_sources from;
  const auto of_variable = configure("postgresql://app@h?password_env=SHOP_PW", from);
  EXPECT_NE(read_credential(of_variable, db, from.sources()).error().message.find("SHOP_PW"),
            std::string::npos);
  const auto of_file = configure("postgresql://app@h?password_file=/nowhere", from);
  EXPECT_NE(read_credential(of_file, db, from.sources()).error().message.find("/nowhere"),
            std::string::npos);
}

TEST(Credential, AProviderGoesFirst) {
  database_options code;
  code.credentials.provider = [] { return result<credential>{credential{"u", secret{"p"}}}; };
  const fake_sources from;
  const auto report = examine_url("postgresql://app:literal@h", code, from.sources());
  const auto who = read_credential(report.config, db, from.sources()).value();
  EXPECT_EQ(who.user, "u");
  EXPECT_EQ(who.password.reveal(), "p");
}

TEST(Credential, AStrongerPlaceReplacesAWeakerOne) {
  fake_sources from;
  from.variables = {{"PGPASSWORD", "weak"}, {"HOLDFAST_PASSWORD_ENV", "SHOP_PW"}, {"SHOP_PW", "s"}};
  const auto c = configure("postgresql://app@h", from);
  EXPECT_EQ(read_credential(c, db, from.sources()).value().password.reveal(), "s");
  EXPECT_TRUE(c.options.credentials.password.empty());
  const auto by_url = configure("postgresql://app:url@h", from);
  EXPECT_EQ(by_url.options.credentials.password.reveal(), "url");
}

TEST(Pgpass, TheFirstFittingLineCounts) {
  fake_sources from{
      .variables = {{"HOME", "/home/alice"}},
      .files = {{"/home/alice/.pgpass", "# hosts\nother:*:*:*:no\ndb.example:5433:*:*:no\n"
                                        "db.example:5432:shop:app:wi\\:th\\\\\n*:*:*:*:last\n"}}};
  const auto password = [&](std::string_view url, const host_port& host) {
    const auto c = configure(url, from);
    return std::string{read_credential(c, host, from.sources()).value().password.reveal()};
  };
  EXPECT_EQ(password("postgresql://app@db.example/shop", db), "wi:th\\");
  EXPECT_EQ(password("postgresql://app@db.example/else", db), "last");
  EXPECT_EQ(password("postgresql://app:url@db.example/shop", db), "url");
}

TEST(Pgpass, MustNotBeReadableByOthers) {
  fake_sources from{.variables = {{"PGPASSFILE", "/p"}},
                    .files = {{"/p", "*:*:*:*:CANARY\n"}},
                    .files_open_to_others = true};
  const auto c = configure("postgresql://app@h", from);
  const auto got = read_credential(c, db, from.sources());
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message.find("chmod 600"), std::string::npos);
}

TEST(Pgpass, ANamedFileMustBeThere) {
  fake_sources from;
  from.variables = {{"PGPASSFILE", "/nowhere"}};
  const auto c = configure("postgresql://app@h", from);
  EXPECT_FALSE(read_credential(c, db, from.sources()));
}

} // namespace
} // namespace holdfast
