// An engine with the little of one that the planning code of the database floor asks for.
#pragma once

#include "drivers/sql_driver.hpp"

#include <string>

namespace holdfast::test {

class fake_engine final : public drivers::sql_driver {
public:
  explicit fake_engine(std::uint32_t max_parameters) noexcept : max_parameters_{max_parameters} {}

  [[nodiscard]] std::string_view engine() const noexcept override { return "fake"; }
  [[nodiscard]] std::string_view host() const noexcept override { return "nowhere"; }
  task<result<drivers::connection_ptr>> open(runtime&, deadline) override {
    co_return make_error(errc::connect_refused, "the fake engine has no server");
  }
  [[nodiscard]] bool condemns_host(const error&) const noexcept override { return true; }
  [[nodiscard]] const drivers::operation_table_sql& operation_table() const noexcept override {
    return table_;
  }
  [[nodiscard]] bool single_writer() const noexcept override { return false; }
  [[nodiscard]] bool writes(std::string_view) const noexcept override { return true; }
  [[nodiscard]] std::string placeholder(std::uint32_t position) const override {
    return "$" + std::to_string(position);
  }
  [[nodiscard]] std::uint32_t max_parameters() const noexcept override { return max_parameters_; }

private:
  std::uint32_t max_parameters_;
  drivers::operation_table_sql table_{};
};

} // namespace holdfast::test
