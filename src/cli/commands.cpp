#include "cli/command.hpp"

#include <array>

namespace holdfast::cli {

std::span<const command_entry> commands() noexcept {
  static constexpr std::array<command_entry, 9> table{{
      {"demo", "Book seats and move money under faults, then check the books",
       "  holdfast demo                            embedded SQLite, a second process in the way\n"
       "  holdfast demo postgres                   a throwaway server, killed and restarted\n"
       "  holdfast demo --url postgresql://app@db/shop   yours; only our connections are cut\n"
       "  holdfast demo postgres --json | jq .lost",
       make_demo},
      {"wait", "Wait until a database answers a query",
       "  holdfast wait postgresql://app@db/shop --timeout 60s && ./migrate\n"
       "  echo \"$URL\" | holdfast wait -           a URL with a password stays out of `ps`",
       make_wait},
      {"ping", "Measure round trips to a database",
       "  holdfast ping postgresql://app@db/shop\n"
       "  holdfast ping sqlite:app.db --count 100 --interval 10ms --json",
       make_ping},
      {"doctor", "Look at a database and the way to it, and say what to mend; changes nothing",
       "  holdfast doctor postgresql://app@db1,db2/shop\n"
       "  holdfast doctor --processes 12 postgresql://app@db/shop   each with such a pool\n"
       "  holdfast doctor sqlite:app.db --timeout 60s\n"
       "  holdfast doctor --json | jq '.rows[] | select(.verdict != \"ok\")'",
       make_doctor},
      {"operation-table", "Make the table that operation keys need, or print how",
       "  holdfast operation-table postgresql://owner@db/shop\n"
       "  holdfast operation-table --print postgresql://app@db/shop | psql …   by who may",
       make_operation_table},
      {"config check", "Check a configuration; opens nothing",
       "  holdfast config check                    every database in holdfast.toml\n"
       "  holdfast config check holdfast.toml shop\n"
       "  HOLDFAST_ENV=production holdfast config check && deploy",
       make_config_check},
      {"config show", "Show what a configuration comes to, secrets masked",
       "  holdfast config show --origin            and who said so\n"
       "  holdfast config show holdfast.toml shop\n"
       "  holdfast config show 'postgresql://app@db/shop?pool.max_size=40'",
       make_config_show},
      {"chaos", "Stand between clients and a server, and do harm on request",
       "  holdfast chaos --to db1:5432 --listen 127.0.0.1:6432\n"
       "  holdfast chaos --to db1:5432 faults.txt      a script; `wait 5s` between its lines\n"
       "  echo 'reset at=after_commit times=1' | holdfast chaos --to db1:5432 --json\n"
       "  holdfast chaos --to db1:5432 --control 127.0.0.1:6433",
       make_chaos},
      {"demo-intruder", "The demo's second process", "", make_demo_intruder, true},
  }};
  return table;
}

} // namespace holdfast::cli
