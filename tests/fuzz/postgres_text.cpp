#include "fuzz/cells.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

using namespace drivers::postgres;

void postgres_text(std::string_view input) {
  reader in{input};
  const auto& all = known_types();
  const Oid type = all[in.byte() % all.size()];
  value v;
  if (decode_text(in.rest(), type, v)) send_and_read(v, type);
}

std::vector<std::string> postgres_text_seeds() {
  const auto& all = known_types();
  const std::vector<std::string_view> cells{"t",
                                            "-7",
                                            "1.5",
                                            "-1e300",
                                            "NaN",
                                            "Infinity",
                                            "12345.678",
                                            "2024-02-29",
                                            "0044-03-15 BC",
                                            "13:14:15.123456",
                                            "2024-02-29 13:14:15.5",
                                            "2024-02-29 13:14:15+02",
                                            "infinity",
                                            "\\xdeadbeef",
                                            "550e8400-e29b-41d4-a716-446655440000",
                                            "{\"a\":1}",
                                            "{1,NULL,3}",
                                            "{\"a \\\"b\\\"\",c}",
                                            "[2:3]={1,2}",
                                            "{{1,2},{3,4}}",
                                            "{}",
                                            "a"};
  std::vector<std::string> seeds;
  for (std::size_t type = 0; type < all.size(); ++type)
    for (const std::string_view cell : cells)
      if (value v; decode_text(cell, all[type], v))
        seeds.push_back(std::string(1, static_cast<char>(type)).append(cell));
  return seeds;
}

} // namespace holdfast::fuzz
