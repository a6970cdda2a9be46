// Uncontended acquire and release, beside SOCI's and Poco's pools.
#include "bench/measure.hpp"
#include "bench/number_connector.hpp"

#include <holdfast/pool.hpp>

#include <Poco/ObjectPool.h>
#include <fmt/format.h>
#include <soci/soci.h>

namespace holdfast::bench {

void print_pools() {
  pool_options options;
  options.min_size = 8;
  options.max_size = 8;
  pool<int> ours{options, number_connector{}};
  const cost mine = cost_of([&] {
    const auto lease = ours.acquire();
    (void)lease;
  });

  soci::connection_pool soci_pool{8};
  const cost soci_cost = cost_of([&] {
    const std::size_t at = soci_pool.lease();
    soci_pool.give_back(at);
  });

  Poco::ObjectPool<int> poco_pool{8, 8};
  const cost poco_cost = cost_of([&] { poco_pool.returnObject(poco_pool.borrowObject()); });

  fmt::print("acquire + release, uncontended: {:.1f} ns in all (a steady clock read is {:.1f}), "
             "{:.3f} allocations\n",
             mine.ns, clock_read_ns(), mine.allocations);
  fmt::print("  SOCI connection_pool {:.1f} ns: ours takes {:.2f} of it\n", soci_cost.ns,
             mine.ns / soci_cost.ns);
  fmt::print("  Poco ObjectPool      {:.1f} ns: ours takes {:.2f} of it\n", poco_cost.ns,
             mine.ns / poco_cost.ns);
}

} // namespace holdfast::bench
