#include "chaos/kill_scene.hpp"

#include <optional>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

database_options patient() {
  database_options o;
  o.log.enabled = false;
  o.pool.min_size = 16;
  o.pool.max_size = 32;
  o.pool.max_connecting = 8;
  o.pool.acquire_timeout = 30s;
  o.pool.slow_start = false;
  o.retry.connect.max_retries.reset();
  o.retry.statement = {std::nullopt, {1ms, 20ms, 2.0, jitter::proportional, true}, 0.0};
  o.breaker.start_as = breaker_options::mode::disabled;
  o.operation_keys.enabled = true;
  return o;
}

fault_proxy_options to_server_of(server_ground& at, std::uint64_t seed,
                                 std::function<void(const fault_record&)> on_fault) {
  at.make_tables();
  return {.to = {"127.0.0.1", at.port()},
          .seed = seed,
          .protocol = at.protocol(),
          .on_fault = std::move(on_fault)};
}

database watched(database db, resolutions& resolved) {
  db.on_event([&](const owned_event& e) { resolved.note(e); });
  return db;
}

} // namespace

kill_scene::kill_scene(server_ground& place, naming names, std::uint64_t seed,
                       std::function<void(const fault_record&)> on_fault)
    : at{place}, proxy{to_server_of(place, seed, std::move(on_fault))},
      db{watched(place.connect(place.url(proxy.port()), patient()), resolved)},
      load{db,
           {.seed = seed, .run = place.next_run(), .callers = 16, .names = names},
           place.words()} {}

findings kill_scene::judge(verdict& v) {
  proxy.heal();
  v.demand(load.wait_acknowledged(16, 10s), "no writes after the last kill");
  load.stop();
  findings f = check_books(db, at, load.ledgers());
  v.demand(db.close(5s), "connections are still out");
  const std::uint64_t all = resolved.committed + resolved.undone;
  const double share =
      all == 0 ? 0 : static_cast<double>(resolved.committed) / static_cast<double>(all);
  v.figure("acknowledged {}, failed {}, lost {}, doubled {}, unknown {}", f.acknowledged, f.failed,
           f.lost, f.doubled, f.unknown);
  v.figure("resolved {}, as committed {:.3f}", all, share);
  v.demand(f.lost == 0, "{} acknowledged writes are not there", f.lost);
  v.demand(f.doubled == 0, "{} writes are there twice", f.doubled);
  v.demand(f.true_to_word(), "failed but there {}, uninvited {}, wrong replies {}, money {}",
           f.contradicted, f.uninvited, f.wrong_replies, f.money_missing);
  for (const auto& [name, count] : f.errors) v.figure("{} {}", name, count);
  return f;
}

} // namespace holdfast::matrix
