// A connection to nothing: connects take as long, and end, as a script says.
#pragma once

#include <holdfast/pool.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace holdfast::pool_driver {

struct scripted_step {
  std::optional<std::uint64_t> times; ///< empty: for ever
  duration delay{};
  bool fail = false;
};

/// What the next connects do; at its end they succeed at once.
class connect_script {
public:
  explicit connect_script(std::vector<scripted_step> steps) : steps_{std::move(steps)} {}
  [[nodiscard]] scripted_step next();

private:
  std::mutex mutex_; // guards all below
  std::vector<scripted_step> steps_;
  std::size_t at_ = 0;
};

struct scripted_connection {};

class scripted_connector {
public:
  scripted_connector(std::shared_ptr<connect_script> script, bool failures_condemn)
      : script_{std::move(script)}, failures_condemn_{failures_condemn} {}

  task<result<scripted_connection>> open(runtime& rt, deadline until);
  task<result<void>> ping(runtime&, scripted_connection&, deadline) { co_return result<void>{}; }
  task<result<void>> reset(runtime&, scripted_connection&, deadline) { co_return result<void>{}; }
  task<void> close(runtime&, scripted_connection&) { co_return; }
  void interrupt(scripted_connection&) noexcept {}
  [[nodiscard]] bool condemns(const error&) const noexcept { return failures_condemn_; }

private:
  std::shared_ptr<connect_script> script_;
  bool failures_condemn_;
};

} // namespace holdfast::pool_driver
