// What the demo plays on: an engine, and what is done to it meanwhile.
#pragma once

#include "cli/demo/faults.hpp"

#include <holdfast/database.hpp>

#include <memory>
#include <stop_token>
#include <string>

namespace holdfast::cli {

struct demo_options;

class stage {
public:
  virtual ~stage() = default;
  /// What will happen, in a sentence or two.
  [[nodiscard]] virtual std::string announcement() const = 0;
  /// The database that the callers share. Throws database_error.
  [[nodiscard]] virtual database open(database_options options) = 0;
  /// Does harm until asked to stop, and leaves everything healed.
  virtual void do_harm(std::stop_token stop, fault_log& faults, double seconds) = 0;
  /// What else must be true in the end; empty if it is.
  [[nodiscard]] virtual std::string check(database& db) = 0;
  /// The fewest faults of a kind that must have been survived, for the run to prove anything.
  [[nodiscard]] virtual std::string missing(const fault_log& faults, double seconds) const = 0;
  /// Removes what the demo made.
  virtual void clean_up(database& db) noexcept = 0;
};

[[nodiscard]] std::unique_ptr<stage> make_sqlite_stage(const demo_options& options,
                                                       std::uint64_t seed);
[[nodiscard]] std::unique_ptr<stage> make_postgres_stage(const demo_options& options,
                                                         std::uint64_t seed);

} // namespace holdfast::cli
