#include "drivers/mysql/driver.hpp"

#include "drivers/mysql/connect.hpp"
#include "drivers/mysql/connection.hpp"
#include "drivers/mysql/sql_text.hpp"
#include "drivers/network_driver.hpp"

#include <atomic>

namespace holdfast::drivers::mysql {
namespace {

/// Each look may count as a broken login there, and a hundred in a row shut our host out.
constexpr std::uint32_t most_looks = 3;

class driver final : public network_driver {
public:
  explicit driver(settings s) : network_driver{settings_, peer_of(s)}, settings_{std::move(s)} {}

  std::string_view engine() const noexcept override { return "mysql"; }

  task<result<connection_ptr>> open(runtime& rt, deadline until) override {
    auto connected = co_await connect(rt, settings_, until, looks_++ < most_looks);
    if (!connected) co_return located(std::move(connected).error());
    looks_ = most_looks; // it is one
    note(std::move(connected->as), connected->found, rt.now());
    co_return std::make_unique<connection>(std::move(connected->link), settings_, cancels_);
  }

  const operation_table_sql& operation_table() const noexcept override {
    return mysql::operation_table();
  }
  bool writes(std::string_view sql) const noexcept override { return classify(sql).writes; }
  std::string placeholder(std::uint32_t) const override { return "?"; }
  std::string quote_identifier(std::string_view name) const override {
    return quoted_identifier(name, '`');
  }
  std::uint32_t max_parameters() const noexcept override { return 65'535; }

private:
  const settings settings_;
  canceller cancels_;
  std::atomic<std::uint32_t> looks_{0}; // at who it is that stays silent
};

} // namespace

std::string peer_of(const settings& s) {
  if (s.server.is_socket()) return s.server.host;
  return to_string(host_port{s.server.host, s.server.port.value_or(default_port)});
}

std::unique_ptr<sql_driver> make_driver(settings s) {
  return std::make_unique<driver>(std::move(s));
}

} // namespace holdfast::drivers::mysql
