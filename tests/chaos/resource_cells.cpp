#include "chaos/resource_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/server_ground.hpp"
#include "testing/server_files.hpp"

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

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
    on_server(t).limit_memory(false);
  } catch (const testing::server_error& e) {
    t.out.not_run = e.what();
    return;
  }
  play(t, p);
}

} // namespace

void disk_full(trial& t) {
  plan p = failing(t, errc::disk_full);
  p.furnish = [&] { on_server(t).prepare_full_disk(); };
  p.harm = [&] { on_server(t).fill_disk(); };
  p.heal = [&] {
    on_server(t).free_disk();
    return clock::now();
  };
  play_where_possible(t, p);
}

void out_of_memory(trial& t) {
  const auto small = on_server(t).another({.returns_memory = true});
  trial inner{.at = *small, .seed = t.seed, .brief = t.brief};
  plan p = failing(inner, errc::out_of_memory);
  p.harm = [&] { small->limit_memory(true); };
  p.heal = [&] {
    small->limit_memory(false);
    return clock::now();
  };
  play_where_possible(inner, p);
  t.out = std::move(inner.out);
}

} // namespace holdfast::matrix
