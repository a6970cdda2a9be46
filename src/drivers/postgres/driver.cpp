#include "drivers/postgres/driver.hpp"

#include "drivers/postgres/address_book.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/connect_failure.hpp"
#include "drivers/postgres/connection.hpp"
#include "drivers/postgres/sql_text.hpp"

#include <atomic>
#include <mutex>
#include <optional>

namespace holdfast::drivers::postgres {
namespace {

class driver final : public sql_driver {
public:
  explicit driver(settings s) : settings_{std::move(s)}, host_{peer_of(settings_)} {}

  std::string_view engine() const noexcept override { return "postgresql"; }
  std::string_view host() const noexcept override { return host_; }

  task<result<connection_ptr>> open(runtime& rt, deadline until) override {
    auto connected = co_await connect(rt, settings_, until);
    if (!connected) {
      connected.error().where.host = host_;
      connected.error().connection_usable = false;
      co_return std::move(connected).error();
    }
    if (settings_.counts_rotations) note(std::move(connected->as));
    if (!connected->found.empty()) note(connected->found, rt.now());
    co_return std::make_unique<connection>(std::move(connected->link), settings_, cancels_,
                                           rt.random());
  }
  std::uint64_t rotations() const noexcept override {
    return rotations_.load(std::memory_order_acquire);
  }

  bool is_named() const noexcept override { return postgres::is_named(settings_.server); }
  task<result<address_news>> look_up(runtime& rt, deadline until) override {
    const auto found = co_await addresses_of(rt, settings_, until);
    if (!found) co_return found.error();
    note(*found, rt.now());
    const std::lock_guard lock{mutex_};
    co_return addresses_.news();
  }

  bool condemns_host(const error& e) const noexcept override { return says_host_is_down(e); }
  const operation_table_sql& operation_table() const noexcept override {
    return postgres::operation_table();
  }
  bool single_writer() const noexcept override { return false; }
  bool writes(std::string_view sql) const noexcept override { return classify(sql).writes; }
  std::string placeholder(std::uint32_t position) const override {
    return "$" + std::to_string(position);
  }
  bool traces(std::string_view token) const noexcept override {
    return parse_transaction_name(token).has_value();
  }
  std::uint32_t max_parameters() const noexcept override { return 65'535; }

private:
  void note(credential taken) {
    const std::lock_guard lock{mutex_};
    if (last_ && *last_ != taken) rotations_.fetch_add(1, std::memory_order_acq_rel);
    last_ = std::move(taken);
  }

  void note(std::span<const address> answer, time_point now) {
    const std::lock_guard lock{mutex_};
    addresses_.note(answer, now);
  }

  std::mutex mutex_;               // guards the next two
  std::optional<credential> last_; // that the server took
  address_book addresses_;         // of its name
  std::atomic<std::uint64_t> rotations_{0};
  const settings settings_;
  const std::string host_;
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
