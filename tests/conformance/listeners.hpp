// Ports of 127.0.0.1 at which no database is.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

namespace holdfast::conformance {

/// Bound, so that nobody else takes it, and nobody listens.
class closed_port {
public:
  closed_port();
  ~closed_port();
  closed_port(const closed_port&) = delete;
  closed_port& operator=(const closed_port&) = delete;
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

protected:
  int socket_ = -1;

private:
  std::uint16_t port_ = 0;
};

/// Takes connections and never says a word.
class silent_port : public closed_port {
public:
  silent_port();
};

/// Says this to whoever comes, and closes.
class speaking_port : public closed_port {
public:
  explicit speaking_port(std::string words);

private:
  std::jthread thread_;
};

} // namespace holdfast::conformance
