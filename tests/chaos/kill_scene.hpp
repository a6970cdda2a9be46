// What the COMMIT-kill plays have in common: patient callers behind a proxy, and the books after
// it.
#pragma once

#include "chaos/books.hpp"
#include "chaos/server_ground.hpp"
#include "chaos/verdict.hpp"
#include "chaos/workload.hpp"

#include <holdfast/fault_proxy.hpp>

#include <functional>

namespace holdfast::matrix {

/// How often the library learned what became of a COMMIT that was not answered. Threads: any.
struct resolutions {
  std::atomic<std::uint64_t> committed{0};
  std::atomic<std::uint64_t> undone{0};

  void note(const owned_event& e) {
    if (e.kind != event_kind::outcome_resolved) return;
    if (e.reason == event_reason::committed) ++committed;
    if (e.reason == event_reason::not_committed) ++undone;
  }
};

/// 16 callers who are never refused: what is asked is what became of each write, not who had to
/// wait. Threads: one user.
class kill_scene {
public:
  /// Empty tables; the callers begin at once. `on_fault`: as in `fault_proxy_options`.
  kill_scene(server_ground& at, naming names, std::uint64_t seed,
             std::function<void(const fault_record&)> on_fault);

  /// Proves recovery, ends the callers and holds all books to it, but for what is unknown.
  findings judge(verdict& v);

  server_ground& at;
  fault_proxy proxy;
  resolutions resolved;
  database db;
  workload load;
};

} // namespace holdfast::matrix
