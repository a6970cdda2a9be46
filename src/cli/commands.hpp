// The commands of the program: what each takes, as the command line gives it. Standard output is
// data, standard error is for people.
#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::cli {

enum exit_code : int {
  ok = 0,
  failed = 1, ///< it was tried and did not work
  usage = 2,  ///< wrong arguments or configuration; nothing was opened
};

struct output_options {
  bool json = false;
  bool quiet = false;
};

struct wait_options {
  std::string url;
  std::string timeout = "30s";
  output_options out;
};

struct ping_options {
  std::string url;
  std::uint32_t count = 5;
  std::string interval = "200ms";
  output_options out;
};

struct config_options {
  std::string source; ///< a file or a URL
  std::string name;   ///< the database's, in a file
  bool origin = false;
  output_options out;
};

struct demo_options {
  std::string engine = "sqlite";
  std::string url;
  double seconds = 15;
  std::uint32_t callers = 64;
  std::optional<std::uint64_t> seed;
  bool verbose = false;
  output_options out;
};

int run_wait(const wait_options& options);
int run_ping(const ping_options& options);
int run_config_check(const config_options& options);
int run_config_show(const config_options& options);
int run_demo(const demo_options& options);
/// The demo's second process: holds the write lock of a SQLite file in bursts until it is killed.
int run_lock_holder(const std::string& file, std::uint64_t seed);

/// "250ms", "30s", "2min". Prints what is wrong with `option` on standard error.
[[nodiscard]] std::optional<duration> read_duration(const std::string& text, const char* option);

} // namespace holdfast::cli
