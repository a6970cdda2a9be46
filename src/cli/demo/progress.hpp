// What a person sees while the demo runs: redrawn in place on a terminal, else a line a second.
#pragma once

#include "cli/demo/faults.hpp"

#include <holdfast/database.hpp>

#include <cstdio>

namespace holdfast::cli {

class progress {
public:
  /// `to` is where it goes; a terminal is drawn on in place.
  progress(std::FILE* to, const database& db, const tally& counts, const fault_log& faults,
           time_point began);
  void show();
  /// Ends the drawing, so that what follows begins on a line of its own.
  void finish();

private:
  std::FILE* to_;
  bool terminal_;
  const database& db_;
  const tally& counts_;
  const fault_log& faults_;
  time_point began_;
  time_point shown_;
  std::uint64_t operations_ = 0;
  bool drawn_ = false;
};

} // namespace holdfast::cli
