#include "drivers/mysql/wire.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace holdfast::drivers::mysql {
namespace {

/// An error packet: length in three bytes, sequence number, 0xff, the error's number in two.
constexpr std::size_t error_head = 7;
constexpr unsigned char error_mark = 0xff;

} // namespace

void before_tls_call(int descriptor) noexcept {
  ERR_clear_error();
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

wire::wire(mysql_link connected)
    : link_{std::move(connected)}, reads_{link_.get()}, descriptor_{mysql_get_socket(link_.get())},
      encrypted_{mysql_get_ssl_cipher(link_.get()) != nullptr},
      interruptible_{::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0)} {}

wire::~wire() { close(true); }

io wire::events_for(int waits) noexcept {
  const bool reads = (waits & MYSQL_WAIT_READ) != 0;
  const bool writes = (waits & MYSQL_WAIT_WRITE) != 0;
  if (reads && writes) return io::read_write;
  return writes ? io::write : io::read;
}

bool wire::gone() noexcept {
  std::array<unsigned char, error_head> head{};
  const auto n = ::recv(descriptor_, head.data(), head.size(), MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
  if (n == static_cast<ssize_t>(head.size()) && !encrypted_ && head[4] == error_mark)
    last_words_ = head[5] + 256U * head[6];
  return true;
}

/// The library's own socket: its suspended call has not given it up.
void wire::cut() noexcept {
  cut_ = true;
  ::shutdown(descriptor_, SHUT_RDWR);
}

void wire::after_cut() noexcept {
  if (encrypted_) ERR_clear_error(); // else others on this thread would find it
}

void wire::interrupt() noexcept {
  const std::lock_guard lock{mutex_};
  if (interruptible_ >= 0) ::shutdown(interruptible_, SHUT_RDWR);
}

void wire::close(bool broken) noexcept {
  if (!link_) return;
  // The library says goodbye in a call that could wait for a full socket.
  if (broken) interrupt();
  link_.reset();
  const std::lock_guard lock{mutex_};
  if (const int d = std::exchange(interruptible_, -1); d >= 0) ::close(d);
}

} // namespace holdfast::drivers::mysql
