// A pool over a server in virtual time, and what it told.
#pragma once

#include "sim/pool/fake_server.hpp"

#include <gtest/gtest.h>
#include <source_location>
#include <vector>

namespace holdfast::testing {
using namespace std::chrono_literals;

class recorder final : public observer {
public:
  void on_event(const event& e) noexcept override { seen.push_back(own(e)); }
  [[nodiscard]] std::size_t count(event_kind kind) const {
    std::size_t n = 0;
    for (const auto& e : seen) n += e.kind == kind;
    return n;
  }
  [[nodiscard]] const owned_event* last(event_kind kind) const {
    const owned_event* found = nullptr;
    for (const auto& e : seen)
      if (e.kind == kind) found = &e;
    return found;
  }
  std::vector<owned_event> seen;
};

inline pool_options calm(std::uint32_t min_size, std::uint32_t max_size) {
  pool_options o;
  o.min_size = min_size;
  o.max_size = max_size;
  return o;
}

struct pool_story : ::testing::Test {
  fake_pool& made(const pool_options& o, pool_hooks<fake_session> hooks = {}) {
    lent = std::make_unique<fake_pool>(o, fake_connector{server}, pool_environment{loop, seen},
                                       std::move(hooks));
    lent->ready();
    return *lent;
  }
  result<lease<fake_session>>
  acquire(acquire_request r = {}, std::source_location caller = std::source_location::current()) {
    return rt.run(lent->acquire(rt, r, caller));
  }
  void TearDown() override {
    lent.reset();
    world.run_for(1s);
    EXPECT_TRUE(server->sessions.empty()) << "a connection was not closed";
  }

  simulator world{7};
  std::shared_ptr<fake_server> server = std::make_shared<fake_server>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  std::shared_ptr<recorder> seen = std::make_shared<recorder>();
  sim_runtime rt{world};
  std::unique_ptr<fake_pool> lent;
};

} // namespace holdfast::testing
