#include "database/operation_key.hpp"
#include "drivers/postgres/transaction_name.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

void token(std::string_view input) {
  const detail::key_token key = detail::parse_key_token(input);
  const std::string text = to_string(key);
  const detail::key_token again = detail::parse_key_token(text);
  demand(again.key == key.key && again.began == key.began, "a key's token reads differently", text);
  demand(input.ends_with(key.key), "a token's key is not its end", input);

  const auto name = drivers::postgres::parse_transaction_name(input);
  if (!name) return;
  const std::string written = to_string(*name);
  const auto twice = drivers::postgres::parse_transaction_name(written);
  demand(twice && to_string(*twice) == written && twice->server == name->server &&
             twice->xid == name->xid,
         "a transaction's token reads differently", written);
}

std::vector<std::string> token_seeds() {
  return {"hf1.1763600000.booking-42",
          "booking-42",
          "hf1.0.x",
          "hf1.-5.old",
          "hf1..x",
          "hf1.1.hf1.2.x",
          "hfx.742.7361234567890123456.1.1763600000000000.4711.1763600001000000",
          "hfx.18446744073709551615.0.0.-9223372036854775808.0.0",
          "hfx.0.1.1.1.1.1",
          "hf1.12"};
}

} // namespace holdfast::fuzz
