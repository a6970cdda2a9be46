#pragma once

#include <cstdint>
#include <memory>

namespace holdfast {

/// A port of 127.0.0.1 where connecting never ends: something listens, its backlog is full, and so
/// the kernel drops what comes. That is how a host behind a silent firewall looks; a proxy cannot
/// play it, for the kernel accepts before a program is asked.
///
/// Linux. Threads: any. Errors: invalid_configuration, thrown, where the port is in use or the
/// backlog cannot be filled.
class full_backlog {
public:
  /// Takes some 100 ms: it waits until a connect of its own is dropped. Port 0: any that is free.
  explicit full_backlog(std::uint16_t port = 0);
  ~full_backlog();
  full_backlog(const full_backlog&) = delete;
  full_backlog& operator=(const full_backlog&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace holdfast
