#include "bench/turns.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <stdexcept>

namespace holdfast::bench {

void stay_on_one_processor() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    throw std::runtime_error{"sched_getaffinity"};
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &allowed)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    if (::sched_setaffinity(0, sizeof one, &one) == 0) return;
  }
  throw std::runtime_error{"sched_setaffinity"};
}

void print(std::string_view engine, std::string_view peer, const rate& r) {
  fmt::print("{}: one query, client and server on one processor: {:.1f} us through the facade, "
             "{:.1f} us by {}; ratio {:.3f} (median of 5, {:.3f} to {:.3f})\n",
             engine, r.ours_us, r.theirs_us, peer, r.ratio, r.least, r.most);
}

} // namespace holdfast::bench
