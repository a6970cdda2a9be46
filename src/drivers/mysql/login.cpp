#include "drivers/mysql/login.hpp"

#include "drivers/greeting.hpp"
#include "drivers/mysql/connect_failure.hpp"
#include "drivers/mysql/login_options.hpp"
#include "drivers/mysql/wire.hpp"

#include <holdfast/thread_runtime.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <openssl/crypto.h>
#include <poll.h>

/// Of the library, though <mysql.h> does not declare it: called after each read (0) and write (1).
extern "C" int ma_pvio_register_callback(my_bool add,
                                         void (*call)(int mode, MYSQL* on,
                                                      const unsigned char* bytes, size_t size));

namespace holdfast::drivers::mysql {
namespace {

/// A cancelled caller is seen this late.
constexpr duration longest_nap = std::chrono::milliseconds{50};
/// A server that has not greeted by then is looked at; and how long that may take.
constexpr duration silence = std::chrono::milliseconds{250};
constexpr duration longest_look = std::chrono::milliseconds{500};

/// What is missing at the end: the characters of texts, and what the session knows of its server.
constexpr const char* introduction =
    "select connection_id(), @@max_allowed_packet, unix_timestamp(), "
    "@@global.innodb_rollback_on_timeout, "
    "crc32(concat(@@hostname, ':', @@port)) << 32 | @@server_id, current_role(); "
    "show global status like 'Uptime'";

std::uint64_t number_in(const char* text) noexcept {
  std::uint64_t n = 0;
  if (text) std::from_chars(text, text + std::strlen(text), n);
  return n;
}

/// The library's calls in their non-blocking form, so that each wait is ours and ends in time. The
/// one that it makes by itself, in the TLS handshake, it makes through `io_wait`.
class login {
public:
  login(runtime& rt, const login_request& to, deadline until)
      : rt_{rt}, to_{to}, until_{until},
        target_{peer_of(to.s), to.s.database.empty() ? "" : to.s.database, to.who.user} {}

  result<logged_in> run() {
    static std::once_flag registered;
    std::call_once(registered, [] { ma_pvio_register_callback(1, &login::after_io); });
    link_.reset(mysql_init(nullptr));
    if (!link_) return make_error(errc::out_of_memory, "no memory for a connection");
    set_options(raw(), to_, until_.remaining(rt_.now()));
    mysql_optionsv(raw(), MARIADB_OPT_IO_WAIT, reinterpret_cast<void*>(&login::io_wait));
    const scope here{*this};
    if (!connect()) return why_not();
    if (!introduce()) return why_not();
    mysql_optionsv(raw(), MARIADB_OPT_IO_WAIT, nullptr);
    return logged_in{std::move(link_), facts_, to_.address};
  }

private:
  /// The library's hook has no place for a pointer of ours.
  class scope {
  public:
    explicit scope(login& mine) noexcept { current = &mine; }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope() { current = nullptr; }
  };
  static thread_local login* current;

  MYSQL* raw() const noexcept { return link_.get(); }

  /// The first write of a login is the request for TLS, if TLS is wanted.
  static void after_io(int mode, MYSQL* on, const unsigned char*, std::size_t) {
    const bool wrote = mode == 1;
    if (wrote && current && current->raw() == on && current->step_ == connect_step::tcp &&
        current->to_.tls.mode != tls_mode::disable)
      current->before_handshake();
  }

  /// The server offers TLS, and its certificate is not judged yet. The library knows an address;
  /// the certificate is to give the name. And the library has set its socket to block.
  void before_handshake() {
    step_ = connect_step::tls;
    before_tls_call(mysql_get_socket(raw()));
    if (to_.tls.mode != tls_mode::verify_full) {
      verify_certificate(raw(), false);
      return;
    }
    char* const name = ::strdup(to_.s.server.host.c_str());
    if (name) std::free(std::exchange(raw()->host, name));
  }

  static int io_wait(my_socket descriptor, my_bool is_read, int limit) {
    if (current) return current->wait(descriptor, is_read ? POLLIN : POLLOUT) ? 1 : -1;
    pollfd p{descriptor, static_cast<short>(is_read ? POLLIN : POLLOUT), 0};
    return ::poll(&p, 1, limit);
  }

  /// False at the deadline and on cancellation.
  bool wait(int descriptor, short events) {
    while (true) {
      if (rt_.cancelled()) ended_ = wait_status::cancelled;
      const duration left = std::min(until_.remaining(rt_.now()), longest_nap);
      if (left <= duration::zero() && ended_ == wait_status::ready) ended_ = wait_status::timed_out;
      if (ended_ != wait_status::ready) {
        errno = ETIMEDOUT;
        return false;
      }
      pollfd p{descriptor, events, 0};
      const auto millis = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      if (::poll(&p, 1, static_cast<int>(millis)) > 0) return true;
      if ((events & POLLIN) != 0 && is_other_engine()) return false;
    }
  }

  /// Asked while nothing comes: is that no server of ours?
  bool is_other_engine() {
    const bool waits_for_greeting = step() == connect_step::tcp && !to_.s.server.is_socket();
    if (!to_.may_be_other || looked_ || !waits_for_greeting || rt_.now() < began_ + silence)
      return false;
    looked_ = true;
    thread_runtime here;
    const auto until = earliest(until_, deadline::after(here.now(), longest_look));
    speaks_ = run_inline(
        who_answers(here, to_.address, to_.s.server.port.value_or(default_port), true, until));
    return speaks_ == protocol::postgresql;
  }

  template <class GoOn>
  bool finish(int waits, GoOn go_on) {
    while (waits != 0) {
      const int descriptor = mysql_get_socket(raw());
      const int events =
          ((waits & MYSQL_WAIT_READ) ? POLLIN : 0) | ((waits & MYSQL_WAIT_WRITE) ? POLLOUT : 0);
      if (!wait(descriptor, static_cast<short>(events))) return false;
      before_tls_call(descriptor);
      waits = go_on(waits & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE));
    }
    return true;
  }

  bool connect() {
    const bool local = to_.s.server.is_socket();
    std::string password{to_.who.password.reveal()};
    MYSQL* connected = nullptr;
    const int waits = mysql_real_connect_start(
        &connected, raw(), local ? "localhost" : to_.address.c_str(), to_.who.user.c_str(),
        password.c_str(), to_.s.database.empty() ? nullptr : to_.s.database.c_str(),
        to_.s.server.port.value_or(default_port), local ? to_.s.server.host.c_str() : nullptr,
        CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS | CLIENT_FOUND_ROWS);
    const auto go_on = [&](int ready) { return mysql_real_connect_cont(&connected, raw(), ready); };
    const bool entered = finish(waits, go_on) && connected;
    OPENSSL_cleanse(password.data(), password.size());
    return entered;
  }

  bool introduce() {
    step_ = connect_step::login;
    std::string text{session_sql()};
    text += "; ";
    text += introduction;
    int failed = 0;
    const int waits = mysql_real_query_start(&failed, raw(), text.data(), text.size());
    const auto go_on = [&](int ready) { return mysql_real_query_cont(&failed, raw(), ready); };
    if (!finish(waits, go_on) || failed) return false;
    std::uint64_t now = 0;
    std::uint64_t uptime = 0;
    do {
      MYSQL_RES* stored = nullptr;
      const int storing = mysql_store_result_start(&stored, raw());
      const auto store = [&](int ready) { return mysql_store_result_cont(&stored, raw(), ready); };
      if (!finish(storing, store)) return false;
      const mysql_rows rows{stored};
      const MYSQL_ROW row = rows ? mysql_fetch_row(rows.get()) : nullptr;
      if (row && mysql_num_fields(rows.get()) == 6) {
        facts_.id = number_in(row[0]);
        facts_.max_packet = number_in(row[1]);
        now = number_in(row[2]);
        facts_.timeout_ends_block = number_in(row[3]) != 0;
        facts_.server.server = number_in(row[4]);
        facts_.role = row[5] ? row[5] : "";
      } else if (row) {
        uptime = number_in(row[1]);
      }
    } while (next_result());
    facts_.server.started = static_cast<std::int64_t>(now - uptime);
    return mysql_errno(raw()) == 0 && ended_ == wait_status::ready;
  }

  bool next_result() {
    if (!mysql_more_results(raw())) return false;
    int status = 0;
    const int waits = mysql_next_result_start(&status, raw());
    const auto go_on = [&](int ready) { return mysql_next_result_cont(&status, raw(), ready); };
    return finish(waits, go_on) && status == 0;
  }

  /// How far it got: the greeting names the server's version.
  connect_step step() const noexcept {
    if (step_ != connect_step::tcp) return step_;
    return raw()->server_version ? connect_step::login : connect_step::tcp;
  }

  error why_not() const {
    if (speaks_ == protocol::postgresql)
      return other_engine_error(speaks_, protocol::mysql, target_);
    if (ended_ == wait_status::timed_out) return connect_timeout_error(step(), target_);
    if (ended_ == wait_status::cancelled) {
      error e = wait_error(ended_, "connecting to " + target_.peer);
      e.connection_usable = false;
      return e;
    }
    return connect_error({step(), mysql_errno(raw()), mysql_error(raw())}, target_);
  }

  runtime& rt_;
  const login_request& to_;
  const deadline until_;
  const connect_target target_;
  mysql_link link_;
  session_facts facts_;
  connect_step step_ = connect_step::tcp;
  wait_status ended_ = wait_status::ready;
  const time_point began_ = rt_.now();
  bool looked_ = false;
  protocol speaks_ = protocol::unknown;
};

thread_local login* login::current = nullptr;

} // namespace

std::string_view session_sql() noexcept {
  return "set names utf8mb4, autocommit = 1, time_zone = '+00:00'";
}

result<logged_in> log_in_here(runtime& rt, const login_request& to, deadline until) {
  return login{rt, to, until}.run();
}

task<result<logged_in>> log_in(runtime& rt, login_request to, deadline until) {
  auto blocking = [&rt, &to, until] { return log_in_here(rt, to, until); };
  auto offloaded = rt.offload(blocking);
  co_return co_await std::move(offloaded);
}

} // namespace holdfast::drivers::mysql
