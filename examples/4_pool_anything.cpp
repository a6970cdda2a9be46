// A pool of a type of your own: it needs open, ping, reset and close.
#include <holdfast/pool.hpp>

#include <atomic>
#include <cstdio>

struct my_connection {
  int number = 0;
};

struct my_connector {
  std::atomic<int>* opened;

  my_connection open() { return {++*opened}; } // may block and throw
  bool ping(my_connection&) { return true; }
  void reset(my_connection&) {}
  bool dirty(const my_connection&) { return false; } // nothing to reset
  void close(my_connection&) {}
};

int main() {
  std::atomic<int> opened = 0;
  holdfast::pool_options options;
  options.min_size = 1;
  options.max_size = 4;
  holdfast::pool<my_connection> pool{options, my_connector{&opened}};
  const int first = pool.acquire()->number;
  const int second = pool.acquire()->number; // the same one: it came back
  std::printf("%d %d, %d opened\n", first, second, opened.load());
  return first == second ? 0 : 1;
}
