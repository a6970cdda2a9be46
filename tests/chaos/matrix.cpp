#include "chaos/matrix.hpp"

#include "chaos/cluster_cells.hpp"
#include "chaos/kills.hpp"
#include "chaos/proxy_cells.hpp"
#include "chaos/resource_cells.hpp"
#include "chaos/server_cells.hpp"
#include "chaos/server_kills.hpp"
#include "chaos/time_cells.hpp"

#include <array>

namespace holdfast::matrix {

namespace {

void commit_kill(trial& t) {
  const auto add = [&](naming names, const verdict& v) {
    t.out.figure("{}: {}", names == naming::keys ? "keys" : "ids", fmt::join(v.figures, ", "));
    t.out.objections.insert(t.out.objections.end(), v.objections.begin(), v.objections.end());
  };
  for (const naming names : {naming::keys, naming::ids}) {
    add(names, run_kills(t.at, names, t.brief ? 40 : 400, t.seed));
    add(names, run_server_kills(t.at, names, t.brief ? 6 : 20, t.seed));
  }
}

constexpr std::array table{
    cell{1, "refused", refused},
    cell{2, "syn_black_hole", syn_black_hole},
    cell{3, "reset_before_send", reset_before_send},
    cell{4, "reset_mid_query", reset_mid_query},
    cell{5, "commit_kill", commit_kill},
    cell{6, "black_hole_mid_reply", black_hole_mid_reply},
    cell{7, "half_close", half_close},
    cell{8, "slow", slow},
    cell{9, "byte_sliced", byte_sliced},
    cell{10, "slow_close", slow_close},
    cell{11, "truncated_reply", truncated_reply},
    cell{12, "corrupt_frame", corrupt_frame},
    cell{13, "stale_bytes_after_cancel", stale_bytes_after_cancel},
    cell{14, "server_killed", server_killed},
    cell{15, "server_restarted", server_restarted},
    cell{16, "server_paused", server_paused},
    cell{17, "promotion", promotion},
    cell{18, "read_only", read_only},
    cell{19, "connection_limit", connection_limit},
    cell{20, "disk_full", disk_full},
    cell{21, "out_of_memory", out_of_memory},
    cell{22, "deadlock_storm", deadlock_storm},
    cell{23, "lock_timeout", lock_timeout},
    cell{24, "statement_timeout", statement_timeout},
    cell{25, "idle_kill", idle_kill},
    cell{26, "dns_change", dns_change},
    cell{27, "tls_expiry", tls_expiry},
    cell{28, "credential_rotation", credential_rotation},
    cell{29, "wall_clock_jump", wall_clock_jump},
};

} // namespace

std::span<const cell> cells() noexcept { return table; }

} // namespace holdfast::matrix
