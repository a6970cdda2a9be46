#include "drivers/postgres/cancel.hpp"

#include <array>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace holdfast::drivers::postgres {
namespace {

struct free_cancel {
  void operator()(PGcancel* c) const noexcept { PQfreeCancel(c); }
};

/// A duplicate, so that the connection may be closed meanwhile. Where there is none to be had, it
/// never stirs.
class watched_socket {
public:
  explicit watched_socket(int of) noexcept : descriptor_{::fcntl(of, F_DUPFD_CLOEXEC, 0)} {}
  watched_socket(watched_socket&& from) noexcept
      : descriptor_{std::exchange(from.descriptor_, -1)} {}
  watched_socket& operator=(watched_socket&&) = delete;
  ~watched_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  /// True if the peer says something or hangs up before `milliseconds` are over.
  [[nodiscard]] bool stirs_within(int milliseconds) const noexcept {
    pollfd p{descriptor_, POLLIN, 0};
    return ::poll(&p, 1, milliseconds) > 0;
  }

private:
  int descriptor_;
};

/// How long an answer is waited for before each further request. One that comes before the server
/// has read the statement is forgotten, and the statement would run for as long as it likes.
constexpr std::array<int, 2> patience_ms{250, 1000};

/// False if the request did not arrive.
bool ask(PGcancel* request) noexcept {
  std::array<char, 256> reason{};
  return PQcancel(request, reason.data(), static_cast<int>(reason.size())) == 1;
}

void ask_until_heard(PGcancel* request, const watched_socket& socket) noexcept {
  for (const int patience : patience_ms)
    if (!ask(request) || socket.stirs_within(patience)) return;
  (void)ask(request);
}

} // namespace

void canceller::cancel(PGconn* c) noexcept {
  auto mine = errands_.take();
  std::unique_ptr<PGcancel, free_cancel> request{PQgetCancel(c)};
  if (!mine || !request) return;
  watched_socket socket{PQsocket(c)};
  try {
    std::thread{[mine = std::move(mine), request = std::move(request), socket = std::move(socket)] {
      ask_until_heard(request.get(), socket);
    }}.detach();
  } catch (const std::system_error&) {
    return; // no thread to be had: closing the connection has to do
  }
}

} // namespace holdfast::drivers::postgres
