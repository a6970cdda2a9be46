// A database's own log: counts of repeated lines come by themselves.
#include "integration/database/engines.hpp"

#include <fstream>
#include <sstream>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct database_log : ::testing::Test {
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder = made;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  database connect(duration window) const {
    database_options o;
    o.log.level = log_level::debug;
    o.log.file = (folder / "log").string();
    o.log.window = window;
    o.health.interval.reset();
    return sqlite::connect((folder / "test.db").string(), o);
  }
  static void storm(database& d) {
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(d.try_execute("select * from nowhere"));
  }
  [[nodiscard]] bool tells_of_repeats() const {
    std::ifstream in{folder / "log"};
    std::ostringstream all;
    all << in.rdbuf();
    return all.str().find("suppressed") != std::string::npos;
  }
  [[nodiscard]] bool soon_tells_of_repeats() const {
    for (int i = 0; i < 500 && !tells_of_repeats(); ++i) std::this_thread::sleep_for(10ms);
    return tells_of_repeats();
  }
  std::filesystem::path folder;
};

TEST_F(database_log, counts_repeats_when_their_window_ends_though_nothing_else_happens) {
  auto d = connect(300ms);
  storm(d);
  EXPECT_TRUE(soon_tells_of_repeats());
}

TEST_F(database_log, is_empty_by_default_after_a_healthy_life) {
  const auto live = [this](const std::string& log, database_options o) {
    o.log.file = (folder / log).string();
    auto d = sqlite::connect((folder / "test.db").string(), o);
    d.execute("create table if not exists t(n integer)");
    d.close(1s);
  };
  const auto size = [this](const std::string& log) {
    std::error_code none;
    const auto bytes = std::filesystem::file_size(folder / log, none);
    return none ? 0 : bytes;
  };
  live("quiet", {});
  live("told", {.log = {.level = log_level::info}});
  for (int i = 0; i < 500 && size("told") == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GT(size("told"), 0U);
  EXPECT_EQ(size("quiet"), 0U);
}

TEST_F(database_log, counts_them_at_a_close) {
  auto d = connect(1h);
  storm(d);
  EXPECT_FALSE(tells_of_repeats());
  d.close(1s);
  EXPECT_TRUE(soon_tells_of_repeats());
}

} // namespace
} // namespace holdfast
