// What the MySQL driver decodes by itself: moments as the library hands them out, names, greetings.
#include "drivers/greeting.hpp"
#include "drivers/mysql/connect_failure.hpp"
#include "drivers/mysql/gtid.hpp"
#include "drivers/mysql/session_name.hpp"
#include "drivers/mysql/types.hpp"
#include "fuzz/targets.hpp"

#include <cstring>

namespace holdfast::fuzz {
namespace {

namespace my = drivers::mysql;

/// What is read is written, and read again the same.
template <class T>
void there_and_back(const MYSQL_TIME& from) {
  T read;
  if (!my::from_time(from, read)) return;
  MYSQL_TIME written;
  if (!my::to_time(read, written)) return;
  T again;
  demand(my::from_time(written, again) && again == read, "a moment is another when read again");
}

void moments(std::string_view input) {
  MYSQL_TIME t{};
  unsigned char raw[10]{};
  std::memcpy(raw, input.data(), std::min(input.size(), sizeof raw));
  t.year = raw[0] * 256U + raw[1];
  t.month = raw[2];
  t.day = raw[3];
  t.hour = raw[4];
  t.minute = raw[5];
  t.second = raw[6];
  t.second_part = raw[7] * 65536UL + raw[8] * 256UL + raw[9];
  t.neg = raw[9] % 2;
  there_and_back<date>(t);
  there_and_back<time_of_day>(t);
  there_and_back<timestamp>(t);
}

} // namespace

void mysql_values(std::string_view input) {
  if (const auto name = my::parse_session_name(input)) {
    const auto again = my::parse_session_name(my::to_string(*name));
    demand(again && my::to_string(*again) == my::to_string(*name), "a session has two names");
  }
  (void)my::position_of_list(input);
  (void)my::position_of_set(input);
  (void)my::errno_in(input);
  (void)my::tls_finding_in(input);
  (void)drivers::protocol_of({reinterpret_cast<const unsigned char*>(input.data()), input.size()});
  moments(input);
}

std::vector<std::string> mysql_values_seeds() {
  using namespace std::string_literals;
  return {"my1.1.1763000000.12"s,
          "0-1-25,7-2-3"s,
          "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:11,2c256447:3-4"s,
          "Can't connect to server on '10.0.0.1' (111)"s,
          "TLS/SSL error: certificate has expired"s,
          "\x5a\0\0\0\x0a"
          "5.5.5-10.11.6-MariaDB"s,
          "\x07\xea\x0b\x15\x17\x3b\x3b\x01\x02\x04"s,
          "\x27\x0f\x0c\x1f\x17\x3b\x3b\x0f\x42\x3e"s};
}

} // namespace holdfast::fuzz
