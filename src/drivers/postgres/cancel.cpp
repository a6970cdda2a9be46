#include "drivers/postgres/cancel.hpp"

#include <array>
#include <memory>
#include <system_error>
#include <thread>

namespace holdfast::drivers::postgres {
namespace {

struct free_cancel {
  void operator()(PGcancel* c) const noexcept { PQfreeCancel(c); }
};

} // namespace

void canceller::cancel(PGconn* c) noexcept {
  auto mine = errands_.take();
  std::unique_ptr<PGcancel, free_cancel> request{PQgetCancel(c)};
  if (!mine || !request) return;
  try {
    std::thread{[mine = std::move(mine), request = std::move(request)] {
      std::array<char, 256> reason{};
      PQcancel(request.get(), reason.data(), static_cast<int>(reason.size()));
    }}.detach();
  } catch (const std::system_error&) {
    return; // no thread to be had: closing the connection has to do
  }
}

} // namespace holdfast::drivers::postgres
