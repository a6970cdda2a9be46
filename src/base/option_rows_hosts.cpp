#include "base/option_rows.hpp"

namespace holdfast::detail {

void add_host_rows(std::vector<option>& rows) {
  row_builder pg{rows, applies_to::postgres};
  pg.add(
      "hosts.target", [](auto& c) -> auto& { return c.options.hosts.target; }, no_bounds,
      "With several hosts: `read_write` finds the one that takes writes; `any` takes the first "
      "that "
      "is up.");
  pg.add(
      "hosts.read", [](auto& c) -> auto& { return c.options.hosts.read; }, no_bounds,
      "Where calls that only read go, unless they say so themselves.");
  pg.add(
      "hosts.max_staleness", [](auto& c) -> auto& { return c.options.hosts.max_staleness; },
      positive_time, "How far behind the primary a replica may be that is read from.");
  pg.add(
      "hosts.check_interval", [](auto& c) -> auto& { return c.options.hosts.check_interval; },
      between(0.01, 60), "How often each of several hosts is asked whether it takes writes.");
  pg.add(
      "hosts.check_timeout", [](auto& c) -> auto& { return c.options.hosts.check_timeout; },
      between(0.01, 60), "Longest wait for that answer.");
  pg.add(
      "hosts.lookup_interval", [](auto& c) -> auto& { return c.options.hosts.lookup_interval; },
      between(0.01, 86400.0),
      "How often a host's name is looked up besides each connect; "
      "connections to an address that has left the answer are replaced.");
}

} // namespace holdfast::detail
