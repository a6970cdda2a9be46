#include "drivers/mysql/cancel.hpp"

#include "drivers/mysql/login.hpp"
#include "drivers/mysql/wire.hpp"

#include <holdfast/thread_runtime.hpp>

#include <chrono>
#include <system_error>
#include <thread>

namespace holdfast::drivers::mysql {
namespace {

/// For all of it. A server that stays silent for longer runs the statement when it comes to it.
constexpr duration longest = std::chrono::seconds{3};

/// What it needs, owned: the driver may be gone by then.
struct errand {
  settings s;
  credential who;
  std::string address;
  session_facts facts;
};

void run(const errand& e) {
  thread_runtime rt;
  const auto tls = plan_tls(e.s);
  if (!tls) return;
  const auto until = deadline::after(rt.now(), longest);
  auto in = log_in_here(rt, {e.s, *tls, e.who, e.address}, until);
  if (!in || !in->facts.server.same_as(e.facts.server)) return;
  const auto text = "kill connection " + std::to_string(e.facts.id);
  wire link{std::move(in->link)};
  int failed_to = 0;
  link.before_call();
  const int waits = mysql_real_query_start(&failed_to, link.raw(), text.data(), text.size());
  const auto go_on = [&failed_to, &link](int ready) {
    return mysql_real_query_cont(&failed_to, link.raw(), ready);
  };
  auto killing = link.finish(rt, waits, go_on, until);
  (void)run_inline(std::move(killing)); // closed without a goodbye, which could wait
}

} // namespace

void canceller::cancel(const MYSQL* c, const settings& s, const std::string& address,
                       session_facts facts) noexcept {
  auto mine = errands_.take();
  if (!mine || !c || !c->user || !c->passwd) return;
  try {
    errand e{s, {c->user, secret{c->passwd}}, address, facts};
    e.s.credentials = nullptr; // a user's function, whose objects may be gone
    e.s.resolver = nullptr;
    std::thread{[mine = std::move(mine), e = std::move(e)] { run(e); }}.detach();
  } catch (const std::system_error&) {
    return; // no thread to be had: closing the connection has to do
  } catch (const std::bad_alloc&) {
    return;
  }
}

} // namespace holdfast::drivers::mysql
