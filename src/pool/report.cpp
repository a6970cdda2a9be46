// How a pool's numbers read.
#include <holdfast/pool_snapshot.hpp>

#include <array>

namespace holdfast {
namespace {

std::string age_text(duration d) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
  return ms < 10'000 ? std::to_string(ms) + " ms" : std::to_string(ms / 1000) + " s";
}

std::string lease_text(const lease_report& l) {
  std::string text = "connection " + std::to_string(l.connection) + " for " + age_text(l.age) +
                     " by " + l.holder.file_name() + ':' + std::to_string(l.holder.line()) +
                     " (thread " + l.thread;
  if (!l.last_statement.empty()) text += ", " + l.last_statement;
  return text + ')';
}

} // namespace

std::string_view to_string(pool_state s) noexcept {
  constexpr std::array<std::string_view, 4> names{"paused", "ready", "suspended", "closed"};
  return names[static_cast<std::size_t>(s)];
}

std::string to_string(const pool_snapshot& p) {
  const auto n = [](auto count) { return std::to_string(count); };
  std::string text = n(p.in_use) + " of " + n(p.max_size) + " in use, " + n(p.idle) + " idle, " +
                     n(p.connecting) + " connecting, " + n(p.waiting) + " waiting";
  if (p.state != pool_state::ready) text += ", pool " + std::string{to_string(p.state)};
  if (p.tending > 0) text += ", " + n(p.tending) + " being reset or pinged";
  if (p.lease_limit < p.max_size) text += ", at most " + n(p.lease_limit) + " leases for now";
  if (p.likely_self_deadlock)
    text += "; this thread already holds a connection: likely it waits for itself";
  if (!p.last_connect_error.empty()) text += "; last connect error: " + p.last_connect_error;
  for (std::size_t i = 0; i < p.oldest_leases.size(); ++i)
    text += (i == 0 ? "; held longest: " : ", ") + lease_text(p.oldest_leases[i]);
  return text;
}

} // namespace holdfast
