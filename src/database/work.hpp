// What the operation loop runs: one attempt of a statement or of a whole transaction.
#pragma once

#include "database/host.hpp"
#include "database/writer_queue.hpp"
#include "drivers/sql_driver.hpp"

#include <holdfast/priority.hpp>
#include <holdfast/retry_decision.hpp>

#include <optional>
#include <source_location>
#include <string_view>

namespace holdfast::detail {

struct hedged_call;

/// What holds for all attempts of one operation.
struct call_terms {
  time_point began;
  deadline until;
  std::string_view name{};
  std::string_view trace_id{};
  holdfast::priority priority = holdfast::priority::normal;
  std::source_location caller{};
  retry_scope scope = retry_scope::statement;
  bool idempotent = false;
  /// Takes the engine's one write lock, where it has only one: a turn comes before the lease.
  bool writes = true;
  /// It only reads, and a replica that is no staler than this may serve it.
  bool replica_will_do = false;
  std::optional<duration> max_staleness{};
  /// The host of the attempt under way or of the last one, for reports; set by the loop.
  mutable host* at = nullptr;
  /// The last attempt got as far as the work; set by the loop.
  mutable bool reached = false;
  /// The error leaves at once where it would wait for the host.
  bool fail_fast = false;
  /// Of a call whose attempts may become two; it runs them instead of the work.
  hedged_call* hedge = nullptr;
};

/// What a work knows of its attempts beyond their errors.
struct attempt_facts {
  bool repeatable = false; ///< it only reads
  bool in_doubt = false;   ///< another attempt would first ask what became of the last one
  /// Nothing of the attempts before the last one is in force, whatever their errors said.
  bool settled = false;
};

/// One attempt, made again on each retry. The connection is the attempt's alone while it runs. When
/// it returns an error and a transaction is open, that says `connection_usable = false`; one that a
/// statement's own text left open after success is the loop's to end.
class work {
public:
  virtual ~work() = default;
  virtual task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                                     const call_terms& terms) = 0;
  /// After an attempt that succeeded: true if the work took the connection, by moving.
  virtual bool keep(sql_lease&, writer_queue::turn&) { return false; }
  /// After a failure, once: what is new since the last. May mean reading a statement's text.
  [[nodiscard]] virtual attempt_facts take_facts(const drivers::sql_driver&) { return {}; }
};

} // namespace holdfast::detail
