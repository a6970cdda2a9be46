#include "drivers/greeting.hpp"

#include <gtest/gtest.h>
#include <string_view>

namespace holdfast::drivers {
namespace {

protocol heard(std::string_view text) {
  return protocol_of({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

TEST(greeting, mysqls_is_known_by_its_packet) {
  using namespace std::string_view_literals;
  EXPECT_EQ(heard("\x5a\0\0\0\x0a"
                  "5.5.5-10.11.6-MariaDB"sv),
            protocol::mysql);
  EXPECT_EQ(heard("\x17\0\0\0\xff\x10\x04Too many connections"sv), protocol::mysql);
  EXPECT_EQ(heard("\x5a\0\0\x01\x0a"sv), protocol::unknown);
  EXPECT_EQ(heard("\x5a\0\0"sv), protocol::unknown);
  EXPECT_EQ(heard("SSH-2.0-OpenSSH"sv), protocol::unknown);
  EXPECT_EQ(heard(""sv), protocol::unknown);
}

TEST(greeting, the_sentence_says_which_url_to_take) {
  const connect_target to{"db1:3306", "shop", "app"};
  const auto e = other_engine_error(protocol::postgresql, protocol::mysql, to);
  EXPECT_EQ(e.code, errc::invalid_configuration);
  EXPECT_EQ(e.message,
            "url: db1:3306 speaks PostgreSQL, not MySQL: take postgresql://, or another port");
  EXPECT_FALSE(says_host_is_down(e));
}

} // namespace
} // namespace holdfast::drivers
