// Who makes the faults keeps his promise also when there is nothing to cut at that very moment.
#include "cli/demo/server_stage.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

namespace holdfast::cli::demo {
namespace {

using namespace std::chrono_literals;

struct no_server {
  void kill_hard() {}
  void start() {}
  void wait_ready() {}
  void stop() {}
  void pause() {}
  void resume() {}
};

settings lasting(double seconds) {
  settings s;
  s.seconds = seconds;
  return s;
}

/// The user's own server, at which every second look finds no connection.
class bare_stage final : public server_stage<no_server> {
public:
  explicit bare_stage(double seconds) : server_stage{lasting(seconds), 1, nullptr} {}

  database db() const override { throw std::logic_error{"no database here"}; }
  dialect words() const override { return make_dialect({'?'}); }
  std::vector<std::string> promises() const override { return {}; }
  void clean_up(const console& /*out*/) override {}

private:
  std::int64_t cut_connections(std::int64_t most) override { return ++looks_ % 2 == 0 ? most : 0; }

  int looks_ = 0;
};

TEST(demo_stage, a_cut_waits_until_there_is_a_connection_to_cut) {
  bare_stage stage{0.2};
  fault_log log;
  const std::jthread writer{[&log](const std::stop_token& stop) {
    while (pause_for(stop, 1ms)) log.note_write(clock::now(), clock::now());
  }};
  stage.torment({}, clock::now() + 200ms, log);
  EXPECT_EQ(count_of(log.all(), "all_connections_cut"), 2) << "one in each round";
}

} // namespace
} // namespace holdfast::cli::demo
