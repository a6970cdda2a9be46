#include "base/host_port.hpp"

#include <holdfast/url.hpp>

#include <gtest/gtest.h>
#include <string>

namespace holdfast {
namespace {

url parsed(std::string_view text) {
  auto r = parse_url(text);
  EXPECT_TRUE(r.has_value()) << text << ": " << (r ? "" : r.error().message);
  return r ? *std::move(r) : url{};
}

std::string fault(std::string_view text) {
  const auto r = parse_url(text);
  EXPECT_FALSE(r.has_value()) << text;
  if (r) return "";
  EXPECT_EQ(r.error().code, errc::invalid_configuration);
  return r.error().message;
}

TEST(Url, TakesEveryPart) {
  const auto u =
      parsed("postgresql://app:s%40fe@db.example:6432/shop?pool.max_size=40&sslmode=a%26b");
  EXPECT_EQ(u.scheme, "postgresql");
  EXPECT_EQ(u.user, "app");
  EXPECT_EQ(u.password.reveal(), "s@fe");
  EXPECT_EQ(u.hosts, (std::vector<host_port>{{"db.example", 6432}}));
  EXPECT_EQ(u.path, "shop");
  ASSERT_EQ(u.parameters.size(), 2U);
  EXPECT_EQ(u.parameters[0].first, "pool.max_size");
  EXPECT_EQ(u.parameters[1].second.reveal(), "a&b");
}

TEST(Url, LeavesOutWhatIsNotThere) {
  const auto u = parsed("postgresql://");
  EXPECT_TRUE(u.hosts.empty());
  EXPECT_TRUE(u.user.empty() && u.password.empty() && u.path.empty());
  EXPECT_EQ(parsed("POSTGRES://h").scheme, "postgres");
  EXPECT_EQ(parsed("postgresql:///shop").path, "shop");
  EXPECT_EQ(parsed("redis://:pw@h/0").password.reveal(), "pw");
}

TEST(Url, TakesSeveralHostsIpv6AndSockets) {
  const auto u = parsed("postgresql://a:1,[::1]:2,[fe80::1%25eth0],%2Fvar%2Frun%2Fpostgresql/d");
  const std::vector<host_port> wanted{
      {"a", 1}, {"::1", 2}, {"fe80::1%eth0", std::nullopt}, {"/var/run/postgresql", std::nullopt}};
  EXPECT_EQ(u.hosts, wanted);
  EXPECT_TRUE(u.hosts[3].is_socket());
}

TEST(Url, KnowsSqliteFiles) {
  EXPECT_EQ(parsed("sqlite:app.db").path, "app.db");
  EXPECT_EQ(parsed("sqlite:data/app%20x.db?sqlite.create=false").path, "data/app x.db");
  EXPECT_EQ(parsed("sqlite:///var/lib/app.db").path, "/var/lib/app.db");
  EXPECT_EQ(parsed("sqlite:/var/lib/app.db").path, "/var/lib/app.db");
  EXPECT_EQ(parsed("sqlite::memory:").path, ":memory:");
  EXPECT_NE(fault("sqlite://app.db").find("names no host"), std::string::npos);
}

struct bad_url {
  std::string_view text;
  std::string_view says;
};

TEST(Url, RefusesWithAReason) {
  const bad_url cases[] = {
      {"", "no scheme"},
      {"app.db", "no scheme"},
      {"://h/d", "no scheme"},
      {"post gres://h/d", "position 5"},
      {"postgresql:h/d", "'//'"},
      {"postgresql://u:CANARY@@h/d", "%40"},
      {"postgresql://u:CAN@ARY@h/d", "%40"},
      {"postgresql://u:CAN/ARY@h/d", "%2F"},
      {"postgresql://u:CAN?ARY@h/d", "%3F"},
      {"postgresql://u:CAN?A=RY@h/d", "%3F"},
      {"postgresql://u:CAN#ARY@h/d", "%23"},
      {"postgresql://u:CAN ARY@h/d", "%20"},
      {"postgresql://u:CANARY%zz@h/d", "percent-escape"},
      {"postgresql://u:CANARY%4@h/d", "percent-escape"},
      {"postgresql://u:CANARY%00@h/d", "percent-escape"},
      {"postgresql://u:CANARY", "not a number"},
      {"postgresql://h:0/d", "1 to 65535"},
      {"postgresql://h:65536/d", "1 to 65535"},
      {"postgresql://h:/d", "1 to 65535"},
      {"postgresql://::1/d", "IPv6"},
      {"postgresql://[::1/d", "']'"},
      {"postgresql://[::1]5/d", "']'"},
      {"postgresql://[CANARY]/d", "IPv6"},
      {"postgresql://a,,b/d", "empty host"},
      {"postgresql://a,/d", "empty host"},
      {"postgresql://h/a/b", "%2F"},
      {"postgresql://h/d?CANARY", "name=value"},
      {"postgresql://h/d?=CANARY", "name=value"},
      {"postgresql://h/d?a=CANARY&", "name=value"},
      {"postgresql://h/d?a=1&a=2", "twice"},
  };
  for (const auto& each : cases) {
    const auto message = fault(each.text);
    EXPECT_NE(message.find(each.says), std::string::npos) << each.text << " -> " << message;
    EXPECT_EQ(message.find("CAN"), std::string::npos) << message;
    EXPECT_EQ(message.find("ARY"), std::string::npos) << message;
  }
}

TEST(Url, IsShownWithoutItsSecrets) {
  EXPECT_EQ(to_string(parsed("postgresql://a%40p:CANARY@h1:1,[::1]:2/sh%2Fop?pasword=CANARY")),
            "postgresql://a%40p:***@h1:1,[::1]:2/sh%2Fop");
  EXPECT_EQ(to_string(parsed("postgresql://%2Frun%2Fpg:5433/d")),
            "postgresql://%2Frun%2Fpg:5433/d");
  EXPECT_EQ(to_string(parsed("sqlite:///var/a%20b.db")), "sqlite:///var/a%20b.db");
  EXPECT_EQ(to_string(parsed("sqlite::memory:")), "sqlite::memory:");
}

TEST(Url, ShownUrlsParseToTheSame) {
  for (const auto* text : {"postgresql://app@h1:1,[fe80::1%25eth0]:2,%2Frun%2Fpg/sh%2Fop",
                           "sqlite:data/app.db", "mysql://h/d", "redis://h:6379/0"}) {
    const auto first = parsed(text);
    const auto again = parsed(to_string(first));
    EXPECT_EQ(again.hosts, first.hosts) << to_string(first);
    EXPECT_EQ(again.path, first.path);
    EXPECT_EQ(again.user, first.user);
  }
}

TEST(HostPort, ReadsWhatItShows) {
  for (const auto& h :
       {host_port{"h", std::nullopt}, host_port{"10.0.0.7", 5432}, host_port{"::1", 5432},
        host_port{"fe80::1%eth0", 1}, host_port{"::1", std::nullopt},
        host_port{"/run/pg", std::nullopt}, host_port{"/run/pg", 5433}}) {
    const auto again = detail::parse_host_port(to_string(h));
    ASSERT_TRUE(again.has_value()) << to_string(h);
    EXPECT_EQ(*again, h) << to_string(h);
  }
  EXPECT_EQ(detail::parse_host_port("::1"), (host_port{"::1", std::nullopt}));
  EXPECT_FALSE(detail::parse_host_port(""));
  EXPECT_FALSE(detail::parse_host_port("user@h"));
  EXPECT_FALSE(detail::parse_host_port("h:port"));
}

TEST(Url, AZoneHoldsNothingThatWouldEndItsAddress) {
  for (const auto* text : {"postgresql://[fe80::1%25a%5d]/d", "postgresql://[fe80::1%25]/d",
                           "postgresql://[fe80::1%25a%2fb]/d", "postgresql://[fe80::1%25%ff]/d"})
    EXPECT_FALSE(parse_url(text)) << text;
}

} // namespace
} // namespace holdfast
