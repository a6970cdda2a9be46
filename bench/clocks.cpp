#include "bench/measure.hpp"

#include <holdfast/thread_runtime.hpp>

#include <fmt/format.h>

namespace holdfast::bench {

double clock_read_ns() {
  static const double ns = [] {
    thread_runtime rt;
    return cost_of([&] {
             const volatile auto t = rt.now().time_since_epoch().count();
             (void)t;
           })
        .ns;
  }();
  return ns;
}

void print_clocks() {
  thread_runtime rt;
  const auto coarse = cost_of([&] {
    const volatile auto t = rt.coarse_now().time_since_epoch().count();
    (void)t;
  });
  fmt::print("one clock read: {:.1f} ns steady, {:.1f} ns coarse\n", clock_read_ns(), coarse.ns);
}

} // namespace holdfast::bench
