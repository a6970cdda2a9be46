// A primary with a synchronous standby.
#include "chaos/postgres_ground.hpp"

#include <map>
#include <string_view>

namespace holdfast::matrix {

namespace {

class replicated final : public server_pair {
public:
  replicated() {
    standby_.start();
    standby_.wait_ready();
    at_.boss().execute("alter system set synchronous_standby_names = '*'");
    (void)at_.boss().query_value<bool>("select pg_reload_conf()");
    standby_.wait_caught_up(at_.server);
  }

  server_ground& first() override { return at_; }
  std::string url() const override {
    return "postgresql://app@127.0.0.1:" + std::to_string(at_.port()) +
           ",127.0.0.2:" + std::to_string(standby_.port()) + "/postgres";
  }
  std::string url_of_name(const std::string& host) const override {
    return "postgresql://app@" + host + ":" + std::to_string(at_.port()) + "/postgres";
  }
  void take_over() override {
    standby_.promote();
    at_.follow(standby_);
  }
  void step_down() override {
    at_.server.stop();
    at_.server.follow(standby_);
    at_.server.start();
  }
  void come_back() override { at_.start(); }
  std::optional<std::size_t> most_refusals() const override;
  std::int64_t sessions_at_the_first() override {
    return enter_as_boss(at_.server)
        .query_value<std::int64_t>("select count(*) from pg_stat_activity where usename = 'app'")
        .value();
  }

private:
  static testing::postgres_server_options elsewhere(std::uint16_t port) {
    auto o = fast_server();
    o.addresses = "127.0.0.2";
    o.port = port;
    return o;
  }

  postgres_ground at_{fast_server()};
  /// Another address of this machine, and the same port: what a name would lead to.
  testing::postgres_server standby_{at_.server, elsewhere(at_.port())};
};

/// By the server's log.
std::optional<std::size_t> replicated::most_refusals() const {
  constexpr std::size_t whole_log = 64 * 1024 * 1024;
  std::map<std::string, std::size_t> by_session;
  std::size_t most = 0;
  const std::string log = at_.server.log_tail(whole_log);
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = std::min(log.find('\n', at), log.size());
    const std::string_view line{log.data() + at, end - at};
    at = end + 1;
    if (line.find("in a read-only transaction") == std::string_view::npos) continue;
    const auto from = line.find('[');
    const auto to = line.find(']');
    if (from == std::string_view::npos || to == std::string_view::npos) continue;
    most = std::max(most, ++by_session[std::string{line.substr(from, to - from)}]);
  }
  return most;
}

} // namespace

std::unique_ptr<server_pair> postgres_ground::pair() const {
  return std::make_unique<replicated>();
}

} // namespace holdfast::matrix
