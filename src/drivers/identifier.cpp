#include "drivers/sql_driver.hpp"

namespace holdfast::drivers {

std::string quoted_identifier(std::string_view name, char quote) {
  std::string out(1, quote);
  for (const char c : name) {
    if (c == '.') {
      out += quote;
      out += '.';
    }
    if (c == quote) out += quote;
    out += c == '.' ? quote : c;
  }
  return out + quote;
}

} // namespace holdfast::drivers
