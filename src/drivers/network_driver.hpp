// What the drivers of all engines on a network remember alike: which addresses the host's name
// stood for, and whether the credential was rotated.
#pragma once

#include "drivers/address_book.hpp"
#include "drivers/host_settings.hpp"
#include "drivers/sql_driver.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

namespace holdfast::drivers {

class network_driver : public sql_driver {
public:
  [[nodiscard]] std::string_view host() const noexcept override { return host_; }
  [[nodiscard]] std::uint64_t rotations() const noexcept override {
    return rotations_.load(std::memory_order_acquire);
  }
  [[nodiscard]] bool is_named() const noexcept override;
  task<result<address_news>> look_up(runtime& rt, deadline until) override;
  [[nodiscard]] bool condemns_host(const error& e) const noexcept override;
  [[nodiscard]] bool single_writer() const noexcept override { return false; }

protected:
  /// `where` outlives this object; `peer` is how reports name it.
  network_driver(const host_settings& where, std::string peer)
      : where_{where}, host_{std::move(peer)} {}

  /// After a connect: what the server took, and where the name led to.
  void note(credential taken, std::span<const address> found, time_point now);
  /// A failed connect, as the facade wants it.
  [[nodiscard]] error located(error e) const;

private:
  const host_settings& where_;
  const std::string host_;
  std::mutex mutex_;               // guards the next two
  std::optional<credential> last_; // that the server took
  address_book addresses_;         // of its name
  std::atomic<std::uint64_t> rotations_{0};
};

} // namespace holdfast::drivers
