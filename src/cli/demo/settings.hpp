// What the user asked the demo for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::cli::demo {

struct settings {
  std::string engine = "sqlite";
  std::string url; ///< the user's own server; empty: one of ours
  double seconds = 15;
  std::uint32_t callers = 64;
  std::optional<std::uint64_t> seed;
  bool verbose = false; ///< the library's log on standard error
};

} // namespace holdfast::cli::demo
