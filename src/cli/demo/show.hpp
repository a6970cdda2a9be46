// One performance: callers on a stage, a tormentor behind it, a view in front.
#pragma once

#include "cli/demo/books.hpp"
#include "cli/demo/caller.hpp"
#include "cli/demo/progress.hpp"
#include "cli/demo/stage.hpp"

#include <holdfast/status.hpp>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

struct performance {
  time_point began{};
  duration took{};
  std::vector<std::unique_ptr<caller>> callers;
  std::vector<fault> faults;
  database_status status; ///< at the end
  pulse_reading counts;   ///< of everything
  bool interrupted = false;
  std::string mishap; ///< why the faults could not go on as planned; empty if they could
};

/// Runs until the faults are made and the time is over, or until interrupted.
[[nodiscard]] performance perform(stage& where, workplace& at, const settings& s,
                                  std::uint64_t seed, progress& view);

} // namespace holdfast::cli::demo
