#include "drivers/mysql/socket_wait.hpp"

#include <fcntl.h>
#include <ma_pvio.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace holdfast::drivers::mysql {
namespace {

/// The library's functions on a socket, and the same with one of ours: the interface of its
/// plugins.
struct socket_functions {
  PVIO_METHODS* usual;
  PVIO_METHODS waiting;
};

ssize_t read_waiting(MARIADB_PVIO* socket, uchar* into, std::size_t size) noexcept;

/// `of_a_socket`: of any connection, as the library has one table for all sockets.
socket_functions& functions(PVIO_METHODS* of_a_socket = nullptr) noexcept {
  static socket_functions both = [of_a_socket] {
    socket_functions made{of_a_socket, *of_a_socket};
    made.waiting.async_read = read_waiting;
    return made;
  }();
  return both;
}

/// Interrupted or too long: the library then says that it has to wait.
ssize_t read_waiting(MARIADB_PVIO* socket, uchar* into, std::size_t size) noexcept {
  socket->methods = functions().usual;
  return ::recv(mysql_get_socket(socket->mysql), into, size, 0);
}

} // namespace

socket_wait::socket_wait(MYSQL* connected) noexcept : connected_{connected} {
  MARIADB_PVIO* const socket = connected_->net.pvio;
  if (!socket || mysql_get_ssl_cipher(connected_)) return;
  using std::chrono::microseconds;
  const timeval limit{0, std::chrono::duration_cast<microseconds>(longest_block).count()};
  possible_ = functions(socket->methods).usual == socket->methods &&
              ::setsockopt(mysql_get_socket(connected_), SOL_SOCKET, SO_RCVTIMEO, &limit,
                           sizeof limit) == 0;
}

/// All other reads and writes of the library say for themselves that they must not block.
bool socket_wait::block() noexcept {
  if (blocks_) return true;
  const int descriptor = mysql_get_socket(connected_);
  const int flags = ::fcntl(descriptor, F_GETFL);
  blocks_ = flags >= 0 && ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0;
  return blocks_;
}

void socket_wait::choose(bool waiting) noexcept {
  MARIADB_PVIO* const socket = connected_->net.pvio; // null once the library has given it up
  if (!possible_ || !socket || (waiting && !block())) return;
  armed_ = waiting;
  socket_functions& both = functions();
  socket->methods = waiting ? &both.waiting : both.usual;
}

} // namespace holdfast::drivers::mysql
