#include "drivers/postgres/transaction_name.hpp"

#include "drivers/postgres/numbers.hpp"

#include <array>
#include <fmt/format.h>

namespace holdfast::drivers::postgres {
namespace {

constexpr std::string_view prefix = "hfx.";

} // namespace

std::string to_string(const transaction_name& n) {
  return fmt::format("{}{}.{}.{}.{}.{}.{}", prefix, n.xid, n.server.system, n.server.timeline,
                     n.server.reset, n.session.pid, n.session.start);
}

std::optional<transaction_name> parse_transaction_name(std::string_view token) {
  if (!token.starts_with(prefix)) return std::nullopt;
  token.remove_prefix(prefix.size());
  std::array<std::string_view, 6> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto dot = token.find('.');
    const bool last = i + 1 == fields.size();
    if ((dot == std::string_view::npos) != last) return std::nullopt;
    fields[i] = token.substr(0, dot);
    token.remove_prefix(last ? token.size() : dot + 1);
  }
  transaction_name n;
  const bool whole =
      read_number(fields[0], n.xid) && read_number(fields[1], n.server.system) &&
      read_number(fields[2], n.server.timeline) && read_number(fields[3], n.server.reset) &&
      read_number(fields[4], n.session.pid) && read_number(fields[5], n.session.start);
  if (!whole || n.xid == 0) return std::nullopt;
  return n;
}

} // namespace holdfast::drivers::postgres
