// What both forms of PostgreSQL's cells have in common.
#pragma once

#include "drivers/postgres/parameters.hpp"
#include "drivers/postgres/rows.hpp"
#include "drivers/postgres/text_values.hpp"
#include "drivers/postgres/types.hpp"
#include "fuzz/target.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::fuzz {

/// All types that are listed.
inline const std::vector<Oid>& known_types() {
  static const std::vector<Oid> all = [] {
    std::vector<Oid> found;
    constexpr Oid highest = 16384; // users' own begin there
    for (Oid t = 1; t < highest; ++t)
      if (drivers::postgres::find_type(t)) found.push_back(t);
    return found;
  }();
  return all;
}

inline std::string name_of(Oid type) { return drivers::postgres::type_name(type); }

/// A value that was read can be sent as a parameter of its type, and what the server would make of
/// that reads as the same value: seen by sending it once more.
inline void send_and_read(const value& v, Oid type) {
  drivers::postgres::parameter_block first;
  const std::vector<value> values{v};
  const std::vector<Oid> types{type};
  const auto sent = first.encode(values, types);
  // A NUL in a text cannot be sent, and the server never sends one.
  if (!sent && sent.error().code == errc::invalid_data) return;
  demand(sent.has_value(), "a value that was read cannot be sent", name_of(type));
  const std::string bytes{first.values()[0], static_cast<std::size_t>(first.lengths()[0])};
  value again;
  const bool read = first.formats()[0] == 1 ? drivers::postgres::decode_binary(bytes, type, again)
                                            : drivers::postgres::decode_text(bytes, type, again);
  demand(read, "what is sent would not be read", name_of(type));
  demand(again.type() == v.type(), "what is sent reads as another type", name_of(type));
  drivers::postgres::parameter_block second;
  const std::vector<value> same{again};
  demand(second.encode(same, types).has_value(), "sent once, and not twice", name_of(type));
  const std::string twice{second.values()[0], static_cast<std::size_t>(second.lengths()[0])};
  demand(bytes == twice, "a value changes on its way there and back", name_of(type));
}

} // namespace holdfast::fuzz
