// Where the demo plays: one engine, its database, and whoever makes trouble there.
#pragma once

#include "cli/console.hpp"
#include "cli/demo/dialect.hpp"
#include "cli/demo/fault_log.hpp"
#include "cli/demo/settings.hpp"
#include "testing/random_source.hpp"

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

using testing::random_source;

class stage {
public:
  virtual ~stage() = default;

  [[nodiscard]] virtual database db() const = 0; ///< the callers' handle; the tables are made
  [[nodiscard]] virtual dialect words() const = 0;
  /// What will happen, for the first lines.
  [[nodiscard]] virtual std::vector<std::string> promises() const = 0;

  /// Makes faults until then and as many as the proof takes, and mends each; returns early when
  /// told to stop, all mended.
  /// Runs on a thread of its own. Throws when a fault cannot be made or mended.
  virtual void torment(const std::stop_token& stop, time_point until, fault_log& log) = 0;

  /// What the tormentor itself knows to be wrong in the books.
  [[nodiscard]] virtual std::vector<std::string> own_findings() { return {}; }
  /// Why these faults prove too little; empty if they are enough.
  [[nodiscard]] virtual std::string shortfall(const std::vector<fault>& made) const = 0;
  /// Removes what was made, as far as it would outlive the program. Errors are told, not thrown.
  virtual void clean_up(const console& out) = 0;
};

[[nodiscard]] std::unique_ptr<stage> make_sqlite_stage(const settings& s, std::uint64_t seed,
                                                       const console& out);
[[nodiscard]] std::unique_ptr<stage> make_postgres_stage(const settings& s, std::uint64_t seed,
                                                         const console& out);
[[nodiscard]] std::unique_ptr<stage> make_mysql_stage(const settings& s, std::uint64_t seed,
                                                      const console& out);

/// The library's defaults but for a patience that outlasts the faults.
void make_patient(database_options& o, bool verbose);

[[nodiscard]] std::size_t count_of(const std::vector<fault>& made, std::string_view kind);

} // namespace holdfast::cli::demo
