#include "drivers/postgres/types.hpp"

#include <algorithm>
#include <array>

namespace holdfast::drivers::postgres {
namespace {

using t = value_type;

// In the order of the OIDs. What is listed without a binary form is here for its name.
constexpr auto types = std::to_array<type_info>({
    {16, "bool", t::boolean, true, 0},
    {17, "bytea", t::bytes, true, 0},
    {18, "\"char\"", t::text, true, 0},
    {19, "name", t::text, true, 0},
    {20, "int8", t::integer, true, 0},
    {21, "int2", t::integer, true, 0},
    {23, "int4", t::integer, true, 0},
    {25, "text", t::text, true, 0},
    {26, "oid", t::integer, true, 0},
    {28, "xid", t::integer, true, 0},
    {114, "json", t::json, true, 0},
    {142, "xml", t::text, false, 0},
    {199, "json[]", t::array, true, 114},
    {650, "cidr", t::text, false, 0},
    {700, "float4", t::real, true, 0},
    {701, "float8", t::real, true, 0},
    {705, "unknown", t::text, true, 0},
    {790, "money", t::text, false, 0},
    {829, "macaddr", t::text, false, 0},
    {869, "inet", t::text, false, 0},
    {1000, "bool[]", t::array, true, 16},
    {1001, "bytea[]", t::array, true, 17},
    {1002, "\"char\"[]", t::array, true, 18},
    {1003, "name[]", t::array, true, 19},
    {1005, "int2[]", t::array, true, 21},
    {1007, "int4[]", t::array, true, 23},
    {1009, "text[]", t::array, true, 25},
    {1014, "char[]", t::array, true, 1042},
    {1015, "varchar[]", t::array, true, 1043},
    {1016, "int8[]", t::array, true, 20},
    {1021, "float4[]", t::array, true, 700},
    {1022, "float8[]", t::array, true, 701},
    {1028, "oid[]", t::array, true, 26},
    {1042, "char", t::text, true, 0},
    {1043, "varchar", t::text, true, 0},
    {1082, "date", t::date, true, 0},
    {1083, "time", t::time, true, 0},
    {1114, "timestamp", t::timestamp, true, 0},
    {1115, "timestamp[]", t::array, true, 1114},
    {1182, "date[]", t::array, true, 1082},
    {1183, "time[]", t::array, true, 1083},
    {1184, "timestamptz", t::timestamp, true, 0},
    {1185, "timestamptz[]", t::array, true, 1184},
    {1186, "interval", t::text, false, 0},
    {1231, "numeric[]", t::array, true, 1700},
    {1266, "timetz", t::text, false, 0},
    {1700, "numeric", t::numeric, true, 0},
    {2205, "regclass", t::text, false, 0},
    {2278, "void", t::text, true, 0},
    {2950, "uuid", t::uuid, true, 0},
    {2951, "uuid[]", t::array, true, 2950},
    {3220, "pg_lsn", t::text, false, 0},
    {3802, "jsonb", t::json, true, 0},
    {3807, "jsonb[]", t::array, true, 3802},
    {5069, "xid8", t::integer, true, 0},
});
static_assert(std::is_sorted(types.begin(), types.end(),
                             [](const auto& a, const auto& b) { return a.type < b.type; }));

} // namespace

const type_info* find_type(Oid type) noexcept {
  const auto at = std::lower_bound(types.begin(), types.end(), type,
                                   [](const type_info& i, Oid o) { return i.type < o; });
  return at != types.end() && at->type == type ? &*at : nullptr;
}

std::string type_name(Oid type) {
  if (const auto* known = find_type(type)) return std::string{known->name};
  return "oid " + std::to_string(type);
}

bool is_text(Oid type) noexcept {
  return type == oid::text || type == oid::varchar || type == oid::bpchar || type == oid::name;
}

} // namespace holdfast::drivers::postgres
