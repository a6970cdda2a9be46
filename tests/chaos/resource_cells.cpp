#include "chaos/resource_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/postgres_ground.hpp"

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

/// Room that a backend needs for small things, and less than a write of `out_of_memory` takes.
constexpr std::uint64_t spare_memory = 6 << 20;

/// The server accepts, and fails what it is asked: that is the breaker's, whose open time goes by
/// before the first success. A short one, so that the cell ends soon.
plan failing(trial& t, errc expected) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {expected};
  p.breaker_opens = true;
  p.options.breaker.open_for = 100ms;
  p.options.breaker.max_open_for = 200ms;
  return p;
}

/// A machine that does not let the server be limited cannot play the cell.
void play_where_possible(trial& t, const plan& p) {
  try {
    on_postgres(t).server.limit_memory(std::nullopt);
  } catch (const testing::server_error& e) {
    t.out.not_run = e.what();
    return;
  }
  play(t, p);
}

} // namespace

/// By a limit of the size of files: PostgreSQL tells a write that was cut short as a full disk. The
/// table is to be larger than a WAL segment, so that it alone meets the limit.
void disk_full(trial& t) {
  plan p = failing(t, errc::disk_full);
  p.furnish = [&] {
    t.at.boss().script("alter table entry set (autovacuum_enabled = off);"
                       "alter table entry add filler text;"
                       "alter table entry alter filler set storage plain;"
                       "insert into entry select -i, repeat('x', 7000) "
                       "from generate_series(1, 2200) i;"
                       "delete from entry where id < 0");
  };
  p.harm = [&] {
    const auto size =
        t.at.boss().query_value<std::int64_t>("select pg_relation_size('entry')").value();
    on_postgres(t).server.limit_file_size(static_cast<std::uint64_t>(size) + 100);
    // What is left in pages that are there already.
    const auto filled =
        t.at.boss().try_execute("insert into entry select -i from generate_series(1, 500000) i");
    t.out.demand(!filled && filled.error().code == errc::disk_full, "the disk was not full");
  };
  p.heal = [&] {
    on_postgres(t).server.limit_file_size(std::nullopt);
    return clock::now();
  };
  play_where_possible(t, p);
}

/// By a limit of the address space: each write needs 8 MB for a moment, as a sort would. That the
/// server's allocator keeps nothing that large for the next one is its environment's doing.
void out_of_memory(trial& t) {
  auto options = fast_server();
  options.environment = {"GLIBC_TUNABLES=glibc.malloc.mmap_threshold=65536"};
  postgres_ground small{options};
  trial inner{.at = small, .seed = t.seed, .brief = t.brief};
  plan p = failing(inner, errc::out_of_memory);
  p.furnish = [&] {
    small.boss().script("create or replace function hungry() returns trigger language plpgsql as "
                        "$$ begin perform length(format('%4300000s', '')); return new; end $$;"
                        "create trigger hungry before insert on entry "
                        "for each row execute function hungry()");
  };
  p.harm = [&] { small.server.limit_memory(spare_memory); };
  p.heal = [&] {
    small.server.limit_memory(std::nullopt);
    return clock::now();
  };
  play_where_possible(inner, p);
  t.out = std::move(inner.out);
}

} // namespace holdfast::matrix
