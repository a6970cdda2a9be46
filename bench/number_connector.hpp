// Connections that cost nothing, so that a pool's own cost shows.
#pragma once

namespace holdfast::bench {

struct number_connector {
  int open() const { return 1; }
  bool ping(int&) const { return true; }
  void reset(int&) const {}
  bool dirty(const int&) const { return false; }
  void close(int&) const {}
};

} // namespace holdfast::bench
