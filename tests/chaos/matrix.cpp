#include "chaos/matrix.hpp"

#include "chaos/cluster_cells.hpp"
#include "chaos/kills.hpp"
#include "chaos/mysql_ground.hpp"
#include "chaos/postgres_ground.hpp"
#include "chaos/proxy_cells.hpp"
#include "chaos/resource_cells.hpp"
#include "chaos/server_cells.hpp"
#include "chaos/server_kills.hpp"
#include "chaos/sqlite_cells.hpp"
#include "chaos/sqlite_ground.hpp"
#include "chaos/sqlite_kills.hpp"
#include "chaos/time_cells.hpp"

#include <array>

namespace holdfast::matrix {

namespace {

void commit_kill(trial& t, std::initializer_list<naming> namings) {
  const auto add = [&](naming names, const verdict& v) {
    t.out.figure("{}: {}", names == naming::keys ? "keys" : "ids", fmt::join(v.figures, ", "));
    t.out.objections.insert(t.out.objections.end(), v.objections.begin(), v.objections.end());
  };
  for (const naming names : namings) {
    add(names, run_kills(on_server(t), names, t.brief ? 40 : 400, t.seed));
    add(names, run_server_kills(on_server(t), names, t.brief ? 6 : 20, t.seed));
  }
}

void commit_kill_with_both(trial& t) { commit_kill(t, {naming::keys, naming::ids}); }
/// Without a key it has nothing to tell a COMMIT by.
void commit_kill_with_keys(trial& t) { commit_kill(t, {naming::keys}); }

/// Of an engine with a server; what is known of a COMMIT without a key is its own.
consteval auto server_cells(void (*kills)(trial&)) {
  return std::array{
      cell{1, "refused", refused},
      cell{2, "syn_black_hole", syn_black_hole},
      cell{3, "reset_before_send", reset_before_send},
      cell{4, "reset_mid_query", reset_mid_query},
      cell{5, "commit_kill", kills},
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
}

constexpr auto postgres_cells = server_cells(commit_kill_with_both);
constexpr auto mysql_cells = server_cells(commit_kill_with_keys);

template <verdict (*Play)(server_ground&, naming, std::uint32_t, std::uint64_t), naming Names>
verdict kill(ground& at, std::uint32_t kills, std::uint64_t seed) {
  return Play(static_cast<server_ground&>(at), Names, kills, seed);
}

constexpr std::array postgres_kills{
    kill_run{"commit_kill with operation keys", kill<run_kills, naming::keys>},
    kill_run{"commit_kill with transaction ids alone", kill<run_kills, naming::ids>},
};

constexpr std::array postgres_server_kills{
    kill_run{"commit_server_kill with operation keys", kill<run_server_kills, naming::keys>},
    kill_run{"commit_server_kill with transaction ids alone", kill<run_server_kills, naming::ids>},
};

constexpr std::array mysql_kills{
    kill_run{"commit_kill with operation keys", kill<run_kills, naming::keys>},
};

constexpr std::array mysql_server_kills{
    kill_run{"commit_server_kill with operation keys", kill<run_server_kills, naming::keys>},
};

constexpr auto no_network = "not applicable: a file has no network between";
constexpr auto no_server = "not applicable: a file has no server";
constexpr auto one_writer = "not applicable: one writer at a time, in line from the start";

constexpr std::array sqlite_cells{
    cell{1, "refused", nullptr, no_network},
    cell{2, "syn_black_hole", nullptr, no_network},
    cell{3, "reset_before_send", nullptr, no_network},
    cell{4, "reset_mid_query", nullptr, no_network},
    cell{5, "commit_kill", sqlite::commit_kill},
    cell{6, "black_hole_mid_reply", nullptr, no_network},
    cell{7, "half_close", nullptr, no_network},
    cell{8, "slow", sqlite::slow},
    cell{9, "byte_sliced", nullptr, no_network},
    cell{10, "slow_close", nullptr, no_network},
    cell{11, "truncated_reply", nullptr, no_network},
    cell{12, "corrupt_frame", nullptr, no_network},
    cell{13, "stale_bytes_after_cancel", sqlite::reads_given_up},
    cell{14, "server_killed", sqlite::writer_killed},
    cell{15, "server_restarted", nullptr, no_server},
    cell{16, "server_paused", sqlite::writer_paused},
    cell{17, "promotion", nullptr, no_server},
    cell{18, "read_only", nullptr,
         "not applicable: rights are looked at when a file is opened, not later"},
    cell{19, "connection_limit", nullptr, no_server},
    cell{20, "disk_full", sqlite::disk_full},
    cell{21, "out_of_memory", sqlite::out_of_memory},
    cell{22, "deadlock_storm", nullptr, one_writer},
    cell{23, "lock_timeout", sqlite::locked},
    cell{24, "statement_timeout", nullptr,
         "not applicable: it has none; our deadlines are cell 13"},
    cell{25, "idle_kill", nullptr, no_server},
    cell{26, "dns_change", nullptr, no_network},
    cell{27, "tls_expiry", nullptr, no_network},
    cell{28, "credential_rotation", nullptr, no_server},
    cell{29, "wall_clock_jump", sqlite::wall_clock_jump},
};

constexpr std::array sqlite_kills{
    kill_run{"process_kill with operation keys", sqlite::run_kills},
};

constexpr std::array all{
    engine{"postgres",
           []() -> std::unique_ptr<ground> {
             return std::make_unique<postgres_ground>(fast_server());
           },
           postgres_cells, postgres_kills, postgres_server_kills},
    engine{
        "mysql",
        []() -> std::unique_ptr<ground> { return std::make_unique<mysql_ground>(fast_mariadb()); },
        mysql_cells, mysql_kills, mysql_server_kills},
    engine{"sqlite",
           []() -> std::unique_ptr<ground> { return std::make_unique<sqlite_ground>(); },
           sqlite_cells,
           sqlite_kills,
           {}},
};

} // namespace

std::span<const engine> engines() noexcept { return all; }

} // namespace holdfast::matrix
