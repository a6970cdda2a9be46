#include "drivers/mysql/cancel.hpp"

#include "drivers/mysql/login.hpp"

#include <holdfast/thread_runtime.hpp>

#include <chrono>
#include <system_error>
#include <thread>

namespace holdfast::drivers::mysql {
namespace {

/// For its login. A server that does not answer does not work on our statement either.
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
  const auto in = log_in_here(rt, {e.s, *tls, e.who, e.address}, until);
  if (!in || !in->facts.server.same_as(e.facts.server)) return;
  const unsigned limit =
      static_cast<unsigned>(std::chrono::duration_cast<std::chrono::seconds>(longest).count());
  mysql_optionsv(in->link.get(), MYSQL_OPT_READ_TIMEOUT, &limit);
  mysql_query(in->link.get(), ("kill query " + std::to_string(e.facts.id)).c_str());
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
