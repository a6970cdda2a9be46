// What must hold of the values: each within its bounds, and the pairs that must fit together.
#include "base/option.hpp"

#include <functional>
#include <utility>

namespace holdfast {
namespace detail {
namespace {

using origin_lookup = std::function<std::string(std::string_view)>;

class rules {
public:
  rules(const database_config& config, const origin_lookup& origin_of)
      : config_{config}, origin_of_{origin_of} {}

  void bounds() {
    for (const auto& row : option_table())
      if (applies(row, config_.target.scheme) && !row.in_bounds(config_, row.bounds))
        fail(row.key, row.takes);
  }

  template <class T>
  void at_most(const std::string& key, const T& value, const std::string& limit_key,
               const T& limit) {
    if (value > limit)
      fail(key, "at most " + limit_key + ", which is " + show_value(limit) + " (" +
                    origin_of_(limit_key) + ")");
  }

  void policy(const std::string& prefix, const retry_policy& p) {
    at_most(prefix + ".base", p.backoff.base, prefix + ".cap", p.backoff.cap);
  }

  void together(const std::string& a, const std::string& a_value, const std::string& b,
                const std::string& b_value) {
    if (a_value.empty() == b_value.empty()) return;
    const auto& given = a_value.empty() ? b : a;
    fail(given, "a value only together with " + (a_value.empty() ? a : b));
  }

  void fail(const std::string& key, std::string takes) {
    const auto* row = find_option(key);
    found_.push_back({key, origin_of_(key), row == nullptr ? "" : row->show(config_), takes});
  }

  std::vector<violation> take() { return std::move(found_); }

private:
  const database_config& config_;
  const origin_lookup& origin_of_;
  std::vector<violation> found_;
};

void one_password(rules& r, const credential_options& c) {
  const int sources =
      int{!c.password.empty()} + int{!c.password_env.empty()} + int{!c.password_file.empty()};
  if (sources <= 1) return;
  const std::string takes = "one of password, password_env and password_file, not several";
  if (!c.password.empty()) r.fail("password", takes);
  if (!c.password_env.empty()) r.fail("password_env", takes);
  if (!c.password_file.empty()) r.fail("password_file", takes);
}

} // namespace

std::vector<violation>
validate_config(const database_config& config,
                const std::function<std::string(std::string_view key)>& origin_of) {
  const auto& o = config.options;
  rules r{config, origin_of};
  r.bounds();
  r.at_most("pool.min_size", o.pool.min_size, "pool.max_size", o.pool.max_size);
  r.policy("retry.connect", o.retry.connect);
  r.policy("retry.conflict", o.retry.conflict);
  r.policy("retry.busy", o.retry.busy);
  r.policy("retry.failover", o.retry.failover);
  r.policy("retry.overload", o.retry.overload);
  r.policy("retry.statement", o.retry.statement);
  r.policy("redis_connect", o.redis_connect);
  if (o.breaker.window == breaker_options::window_kind::count)
    r.at_most("breaker.minimum_calls", o.breaker.minimum_calls, "breaker.window_calls",
              o.breaker.window_calls);
  r.at_most("breaker.open_for", o.breaker.open_for, "breaker.max_open_for", o.breaker.max_open_for);
  if (o.limiter.enabled) {
    r.at_most("limiter.floor", o.limiter.floor, "limiter.ceiling", o.limiter.ceiling);
    r.at_most("limiter.ceiling", o.limiter.ceiling, "pool.max_size", o.pool.max_size);
  }
  r.together("tls.cert_file", o.tls.cert_file, "tls.key_file", o.tls.key_file);
  one_password(r, o.credentials);
  const auto& scheme = config.target.scheme;
  if ((scheme.empty() || is_postgres(scheme)) && !o.after_connect.empty() &&
      o.postgres.pooler == pooler_mode::transaction)
    r.fail("after_connect", "nothing while postgres.pooler is transaction (" +
                                origin_of("postgres.pooler") +
                                "): the pooler gives each transaction another session");
  return r.take();
}

} // namespace detail

std::vector<violation> database_options::validate() const {
  database_config config;
  config.options = *this;
  return detail::validate_config(config, [](std::string_view) { return std::string{"code"}; });
}

std::string to_string(const violation& v) {
  std::string text = v.key;
  if (!v.origin.empty()) text += " (" + v.origin + ")";
  if (!v.given.empty()) text += ": given " + v.given;
  return text + (v.given.empty() ? ": takes " : "; takes ") + v.takes;
}

tls_mode effective_tls_mode(const tls_options& tls, const host_port& host) noexcept {
  if (tls.mode != tls_mode::automatic) return tls.mode;
  const auto& h = host.host;
  // Digits alone: 127.example.org is somebody's name, and far away.
  const bool loopback =
      h.starts_with("127.") && h.find_first_not_of("0123456789.") == std::string::npos;
  const bool local = host.is_socket() || h == "localhost" || h == "::1" || loopback;
  return local ? tls_mode::disable : tls_mode::verify_full;
}

} // namespace holdfast
