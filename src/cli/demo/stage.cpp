#include "cli/demo/stage.hpp"

#include <algorithm>

namespace holdfast::cli::demo {

using namespace std::chrono_literals;

void make_patient(database_options& o, bool verbose) {
  o.deadline = 30s;
  o.retry.on_outage = on_outage::wait;
  // Until the deadline. Nobody else shares this server, so the budget is not there to spare it.
  o.retry.connect.max_retries.reset();
  o.retry.conflict.max_retries.reset();
  o.retry.overload.max_retries.reset();
  o.retry.statement = {std::nullopt, {10ms, 500ms, 2.0, jitter::proportional, true}};
  o.retry_budget.capacity = 1000;
  o.log.enabled = verbose;
  o.log.level = std::min(o.log.level, log_level::info);
}

std::size_t count_of(const std::vector<fault>& made, std::string_view kind) {
  return static_cast<std::size_t>(
      std::ranges::count_if(made, [&](const fault& f) { return f.kind == kind; }));
}

} // namespace holdfast::cli::demo
