#include "integration/chaos/echo.hpp"

#include <holdfast/full_backlog.hpp>

#include <fcntl.h>

namespace holdfast::test {
namespace {

TEST(full_backlog, a_connect_neither_succeeds_nor_fails) {
  const full_backlog hole;
  for (int i = 0; i < 5; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto at = loopback(hole.port());
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), -1);
    EXPECT_EQ(errno, EINPROGRESS);
    pollfd p{fd, POLLOUT, 0};
    EXPECT_EQ(::poll(&p, 1, 100), 0) << i;
    ::close(fd);
  }
}

} // namespace
} // namespace holdfast::test
