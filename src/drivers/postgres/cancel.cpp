#include "drivers/postgres/cancel.hpp"

#include <array>
#include <system_error>
#include <thread>

namespace holdfast::drivers::postgres {
namespace {

constexpr int most_threads = 2;

struct free_cancel {
  void operator()(PGcancel* c) const noexcept { PQfreeCancel(c); }
};

/// One of the two places, given back when the thread ends or was never started.
class place {
public:
  explicit place(std::shared_ptr<std::atomic<int>> busy) noexcept : busy_{std::move(busy)} {
    if (busy_->fetch_add(1) < most_threads) return;
    busy_->fetch_sub(1);
    busy_.reset();
  }
  place(place&&) noexcept = default;
  place& operator=(place&&) = delete;
  ~place() {
    if (busy_) busy_->fetch_sub(1);
  }
  explicit operator bool() const noexcept { return busy_ != nullptr; }

private:
  std::shared_ptr<std::atomic<int>> busy_;
};

} // namespace

void canceller::cancel(PGconn* c) noexcept {
  place mine{busy_};
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
