// What a performance proved, for people and for programs.
#pragma once

#include "cli/demo/show.hpp"
#include "cli/json.hpp"

#include <string>
#include <vector>

namespace holdfast::cli::demo {

struct verdict {
  std::string engine;
  std::uint64_t seed = 0;
  double seconds = 0;
  std::uint64_t operations = 0;
  std::uint64_t succeeded = 0; ///< were answered: done, refused, or rolled back as meant
  std::uint64_t failed = 0;    ///< an error, and no effect
  std::uint64_t resolved = 0;  ///< lost replies whose truth was learned
  double p50_ms = 0;
  double p99_ms = 0;
  std::vector<std::string> objections; ///< why it is not ok; empty if it is

  [[nodiscard]] bool ok() const noexcept { return objections.empty(); }
};

[[nodiscard]] verdict judge(const settings& s, std::uint64_t seed, const performance& p,
                            const findings& books, const std::string& shortfall);

[[nodiscard]] json_object as_json(const verdict& v, const performance& p, const findings& books);
/// Lines; the last is the verdict itself.
[[nodiscard]] std::vector<std::string> as_text(const verdict& v, const performance& p,
                                               const findings& books);

} // namespace holdfast::cli::demo
