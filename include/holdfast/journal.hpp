/// Writes that are not lost while their database is down: queued in a local SQLite file, drained in
/// order when it is back. With the component holdfast::sqlite.
#pragma once

#include <holdfast/database.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

struct journal_options {
  /// Made if it is not there. One program at a time, and never a database of its own user.
  std::string file{};
  std::uint64_t max_queued = 10'000;
  std::uint64_t max_bytes = 64 * 1024 * 1024; ///< of keys, texts and parameters
  /// A write that waited longer is put aside instead of sent. Less than the target's
  /// `operation_keys.retention`: only as long can a key tell whether its write took effect.
  duration max_age = std::chrono::hours{24};
};

enum class journaled : std::uint8_t {
  done,   ///< it took effect
  queued, ///< it is on the disk here, and will be sent
};

/// A queued write that will not be sent: the server refused it for good, or it grew too old.
struct refused_write {
  std::string operation_key;
  std::string sql;
  std::vector<value> parameters;
  timestamp queued_at;
  std::string why;
};

/// Beside a database, for writes that can wait. A write is sent at once, with its key; if the
/// database is unavailable, or others wait already, it is queued, and `execute` returns. What one
/// caller writes takes effect in its order, each once, also if this program is killed at any
/// moment: the next `journal` on the file goes on.
///
/// A write that the server refuses for good while it is drained (a constraint, a mistake) is put
/// aside and the next is sent: see docs/adr/0015. Nobody waits for it any more: look at `status`.
/// Drained writes share the database's connections and retry budget, behind other callers.
///
/// Threads: safe to call concurrently. Lifetime: keeps its database; the destructor ends the drain
/// (at most 5 s) and leaves what is queued in the file.
class journal {
public:
  /// Throws configuration_error for options that cannot be, and database_error for a file that
  /// cannot be used; database_busy if another program has it.
  journal(database target, journal_options options);
  ~journal();
  journal(journal&&) noexcept;
  journal& operator=(journal&&) noexcept;

  /// `operation_key`: as in `call_options`; required. The same write under the same key is queued
  /// once. Errors: those of the server; admission_refused when the journal is full;
  /// operation_key_reused.
  template <class... Args>
  journaled execute(std::string_view operation_key, sql text, const Args&... args) {
    return try_execute(operation_key, text, args...).value();
  }
  template <class... Args>
  result<journaled> try_execute(std::string_view operation_key, sql text, const Args&... args) {
    const auto parameters = to_parameters(args...);
    return run(operation_key, text, parameters);
  }

  /// The numbers at this instant; also in the database's `status()`.
  [[nodiscard]] journal_status status() const;
  /// Waits until nothing is queued, at most `limit`. True if so.
  [[nodiscard]] bool drain(duration limit);

  /// Writes that were put aside, the oldest first.
  [[nodiscard]] std::vector<refused_write> refused() const;
  /// Drops one of them, after which its key may be queued again. False if there is none.
  bool forget_refused(std::string_view operation_key);

private:
  struct state;
  result<journaled> run(std::string_view key, const sql& text, std::span<const value> parameters);

  std::unique_ptr<state> state_;
};

} // namespace holdfast
