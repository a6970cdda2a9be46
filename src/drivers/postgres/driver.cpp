#include "drivers/postgres/driver.hpp"

#include "drivers/network_driver.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/connection.hpp"
#include "drivers/postgres/sql_text.hpp"

namespace holdfast::drivers::postgres {
namespace {

class driver final : public network_driver {
public:
  explicit driver(settings s) : network_driver{settings_, peer_of(s)}, settings_{std::move(s)} {}

  std::string_view engine() const noexcept override { return "postgresql"; }

  task<result<connection_ptr>> open(runtime& rt, deadline until) override {
    auto connected = co_await connect(rt, settings_, until);
    if (!connected) co_return located(std::move(connected).error());
    note(std::move(connected->as), connected->found, rt.now());
    co_return std::make_unique<connection>(std::move(connected->link), settings_, cancels_,
                                           rt.random());
  }

  const operation_table_sql& operation_table() const noexcept override {
    return postgres::operation_table();
  }
  bool writes(std::string_view sql) const noexcept override { return classify(sql).writes; }
  std::string placeholder(std::uint32_t position) const override {
    return "$" + std::to_string(position);
  }
  bool traces(std::string_view token) const noexcept override {
    return parse_transaction_name(token).has_value();
  }
  std::uint32_t max_parameters() const noexcept override { return 65'535; }

private:
  const settings settings_;
  canceller cancels_;
};

} // namespace

std::string peer_of(const settings& s) {
  const auto port = s.server.port.value_or(default_port);
  if (s.server.is_socket()) return s.server.host + "/.s.PGSQL." + std::to_string(port);
  return to_string(host_port{s.server.host, port});
}

std::unique_ptr<sql_driver> make_driver(settings s) {
  return std::make_unique<driver>(std::move(s));
}

} // namespace holdfast::drivers::postgres
