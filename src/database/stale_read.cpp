// Reads that may be answered from memory while the database is unavailable.
#include "database/database_core.hpp"
#include "database/operation_key.hpp"

#include <holdfast/fallback.hpp>

namespace holdfast::detail {

std::optional<error> read_option_problem(const call_options& how, std::string_view verb) {
  if (!how.hedge && !how.max_stale && !how.served) return std::nullopt;
  const std::string given = how.hedge ? "hedge" : how.max_stale ? "max_stale" : "served";
  return make_error(errc::invalid_configuration,
                    given + ": given with " + std::string{verb} + "; takes query");
}

std::optional<error> database_core::stale_problem(const statement& what, const row_sink* rows,
                                                  const call_options& how) const {
  std::string takes;
  if (!rows || driver_->writes(what.sql) || !how.operation_key.empty() || how.traceable)
    takes = "given with a write; takes a query that only reads";
  else if (how.max_stale && !how.served)
    takes = "given without served; takes it together with the place that tells a stale result";
  else if (how.max_stale && *how.max_stale <= duration::zero())
    takes = "given a time that is not above zero; takes an age";
  if (takes.empty()) return std::nullopt;
  return make_error(errc::invalid_configuration, "max_stale: " + takes);
}

/// The live answer if there is one. With an old one at hand it waits for no host: whoever takes
/// stale data wants it now.
task<result<statement_result>> database_core::execute_or_stale(runtime& rt, const statement& what,
                                                               row_sink* rows,
                                                               const call_options& how,
                                                               std::source_location caller) {
  if (reentrant()) co_return reentrant_call();
  if (auto bad = stale_problem(what, rows, how)) co_return std::move(*bad);
  *how.served = {};
  if (!how.max_stale) {
    call_options live = how;
    live.served = nullptr;
    co_return co_await execute(rt, what, rows, live, caller);
  }
  const std::string key = fingerprint_of(what.sql, what.parameters);
  call_options live = how;
  live.served = nullptr;
  live.max_stale.reset();
  if (stale_.find(key, *how.max_stale, rt.now())) live.fail_fast = true;
  copying_sink both{rows, options_.stale.max_bytes};
  auto read = how.hedge ? execute_hedged(rt, what, &both, live, caller)
                        : execute_once(rt, what, &both, live, caller);
  auto done = co_await std::move(read);
  if (done) {
    row_copy copy = both.take();
    copy.done = *done;
    stale_.put(key, std::move(copy), both.bytes(), rt.now());
    co_return done;
  }
  if (!may_fall_back(done.error(), is_unavailable)) co_return done;
  const auto kept = stale_.find(key, *how.max_stale, rt.now());
  if (!kept) co_return done;
  if (auto taken = kept->rows->replay(*rows); !taken) co_return std::move(taken.error());
  *how.served = {.stale = true, .age = kept->age};
  served_stale_.fetch_add(1, std::memory_order_relaxed);
  co_return kept->rows->done;
}

} // namespace holdfast::detail
