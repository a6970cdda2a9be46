// The fault proxy as a program: what it says, where, and how it ends.
#include "integration/cli/program.hpp"
#include "testing/server_files.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::test {
namespace {

using ::testing::HasSubstr;

std::string port() { return std::to_string(testing::free_port()); }

TEST(chaos, takes_lines_and_quits) {
  const ran r = holdfast("chaos --to 127.0.0.1:1 --seed 7",
                         "printf 'reset at=end\\nrules\\nheal\\nwait 1ms\\nrest\\nquit\\n' |");
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_EQ(r.out, "");
  EXPECT_THAT(r.err,
              HasSubstr("forwarding to 127.0.0.1:1, seed 7\nok 1\n1 reset at=end\nok\nok\n"));
  EXPECT_THAT(r.err, HasSubstr("error: there is no command 'rest'; did you mean reset?"));
}

TEST(chaos, what_it_does_is_data) {
  const std::string at = port();
  const ran r = holdfast("chaos --json --to 127.0.0.1:1 --listen 127.0.0.1:" + at,
                         "(echo reset; sleep 0.5; bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + at +
                             "; cat <&3' 2>/dev/null; echo quit) |");
  EXPECT_EQ(r.code, 0) << r.err;
  const auto cut = r.out.find('\n');
  const auto first = boost::json::parse(r.out.substr(0, cut));
  EXPECT_EQ(first.at("listen").as_string(), "127.0.0.1:" + at);
  const auto second = boost::json::parse(r.out.substr(cut + 1));
  EXPECT_EQ(second.at("fault").as_string(), "reset");
  EXPECT_EQ(second.at("connection").as_int64(), 1);
}

TEST(chaos, a_script_is_checked_before_anything_listens) {
  const folder f;
  std::ofstream{f / "faults.txt"} << "# a comment\nwait 1s\ndelay time=5\n";
  const ran r = holdfast("chaos --to 127.0.0.1:1 " + (f / "faults.txt"));
  EXPECT_EQ(r.code, 2);
  EXPECT_THAT(r.err, HasSubstr("faults.txt:3: time: given 5; takes a duration"));
  std::ofstream{f / "faults.txt"} << "blackhole\n";
  EXPECT_THAT(holdfast("chaos --to 127.0.0.1:1 " + (f / "faults.txt")).err,
              HasSubstr("faults.txt:1: there is no command 'blackhole'; did you mean black_hole?"));
  EXPECT_EQ(holdfast("chaos --to 127.0.0.1:1 no-such-file").code, 2);
}

TEST(chaos, a_script_runs_and_ctrl_c_ends_it) {
  const folder f;
  std::ofstream{f / "faults.txt"} << "refuse\nwait 10ms\nheal\n";
  const ran r = holdfast("chaos --to 127.0.0.1:1 " + (f / "faults.txt"), "timeout -s INT 1");
  EXPECT_THAT(r.err, HasSubstr("ok 1\nok\nthe script has ended"));
}

TEST(chaos, bad_options_end_with_2) {
  EXPECT_EQ(holdfast("chaos").code, 2);
  EXPECT_EQ(holdfast("chaos --to db1").code, 2);
  const std::string own = "127.0.0.1:" + port();
  const ran self = holdfast("chaos --to " + own + " --listen " + own);
  EXPECT_EQ(self.code, 2);
  EXPECT_THAT(self.err, HasSubstr("is where the proxy itself listens"));
  const ran taken = holdfast("chaos --to 127.0.0.1:1 --listen " + own + " --control " + own);
  EXPECT_EQ(taken.code, 2);
  EXPECT_THAT(taken.err, HasSubstr("Address already in use"));
}

} // namespace
} // namespace holdfast::test
