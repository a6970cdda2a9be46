#include "drivers/postgres/big_endian.hpp"
#include "fuzz/cells.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

namespace {

using namespace drivers::postgres;

std::string input_for(Oid type, std::string_view cell) {
  const auto& all = known_types();
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == type) text.push_back(static_cast<char>(i));
  return text.append(cell);
}

std::string cell_of(const value& v, Oid type) {
  parameter_block block;
  const std::vector<value> values{v};
  const std::vector<Oid> types{type};
  if (!block.encode(values, types) || block.formats()[0] != 1) return {};
  return {block.values()[0], static_cast<std::size_t>(block.lengths()[0])};
}

} // namespace

void postgres_binary(std::string_view input) {
  reader in{input};
  const auto& all = known_types();
  const Oid type = all[in.byte() % all.size()];
  value v;
  if (decode_binary(in.rest(), type, v)) send_and_read(v, type);
}

std::vector<std::string> postgres_binary_seeds() {
  std::vector<std::string> all;
  const auto add = [&all](Oid type, const value& v) {
    all.push_back(input_for(type, cell_of(v, type)));
  };
  add(oid::boolean, true);
  add(oid::int2, std::int64_t{-7});
  add(oid::int4, std::int64_t{70'000});
  add(oid::int8, std::int64_t{1} << 40);
  add(oid::float4, 1.5);
  add(oid::float8, -0.1);
  add(oid::text, std::string{"text"});
  add(oid::date, date{std::chrono::days{19'000}});
  add(oid::time, time_of_day{std::chrono::hours{13}});
  add(oid::timestamptz, timestamp{std::chrono::seconds{1'700'000'000}});
  add(oid::uuid, uuid{});
  add(oid::jsonb, json_text{"{\"a\":[1]}"});
  add(oid::bytea, bytes{std::byte{0}, std::byte{255}});
  constexpr Oid int4_array = 1007;
  constexpr Oid text_array = 1009;
  add(int4_array, value_array{std::int64_t{1}, null_t{}, std::int64_t{3}});
  add(text_array, value_array{std::string{"a"}, std::string{"\"b\\"}});
  add(int4_array, value_array{value_array{std::int64_t{1}, std::int64_t{2}},
                              value_array{std::int64_t{3}, std::int64_t{4}}});
  std::string digits; // 12345.678: digits, weight, sign, scale, then 1, 2345, 6780
  for (const int n : {3, 1, 0, 3, 1, 2345, 6780})
    put_big_endian(digits, static_cast<std::int16_t>(n));
  all.push_back(input_for(oid::numeric, digits));
  return all;
}

} // namespace holdfast::fuzz
