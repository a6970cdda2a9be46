#include "drivers/postgres/wire.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace holdfast::drivers::postgres {
namespace {

/// Long enough to be rare, short beside any deadline that is not met by `wait` itself.
constexpr duration longest_block = std::chrono::milliseconds{100};

/// Notifications are few, and looking for them costs more than most statements should.
constexpr std::uint32_t statements_between_looks = 64;

wire_status as_wire(wait_status s) noexcept {
  return s == wait_status::cancelled ? wire_status::cancelled : wire_status::timed_out;
}

bool is_fatal(std::string_view severity) noexcept {
  return severity == "FATAL" || severity == "PANIC";
}

std::string_view field(const PGresult* r, int code) noexcept {
  const char* text = PQresultErrorField(r, code);
  return text ? text : "";
}

} // namespace

wire::wire(pg_connection connected)
    : connection_{std::move(connected)}, encrypted_{PQsslInUse(connection_.get()) != 0},
      interruptible_{::fcntl(PQsocket(connection_.get()), F_DUPFD_CLOEXEC, 0)} {
  // Else closing could block on a full socket.
  PQsetnonblocking(raw(), 1);
  PQsetErrorVerbosity(raw(), PQERRORS_DEFAULT);
  PQsetNoticeReceiver(
      raw(), [](void* self, const PGresult* r) { on_notice(self, r); }, this);
}

wire::~wire() { close(); }

void wire::on_notice(void* self, const PGresult* notice) noexcept {
  auto& w = *static_cast<wire*>(self);
  const auto severity = field(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const auto state = field(notice, PG_DIAG_SQLSTATE);
  if (is_fatal(severity)) w.last_words_ = state;
  // 57P01 and 57P02 come as warnings too, before the server hangs up.
  if (state == "57P01" || state == "57P02") w.last_words_ = state;
  if (severity == "WARNING" && state == "01000") w.commit_warning_ = true;
}

[[gnu::hot]] pg_result wire::take() noexcept {
  pg_result r{PQgetResult(raw())};
  if (r && PQresultStatus(r.get()) == PGRES_FATAL_ERROR &&
      is_fatal(field(r.get(), PG_DIAG_SEVERITY_NONLOCALIZED)))
    last_words_ = field(r.get(), PG_DIAG_SQLSTATE);
  return r;
}

bool wire::tls_has_more() const noexcept {
  if (!encrypted_) return false;
  const auto* tls = static_cast<const SSL*>(PQsslStruct(raw(), "OpenSSL"));
  return tls && SSL_pending(tls) > 0;
}

/// Writes and parses what it can without waiting; then, what is to be waited for.
[[gnu::hot]] wire::need wire::advance() noexcept {
  while (true) {
    if (!PQisBusy(raw())) return need::nothing;
    const int unsent = PQflush(raw());
    if (unsent < 0) return need::lost;
    if (unsent > 0) return need::output;
    // What OpenSSL has decrypted already makes no descriptor readable.
    if (!tls_has_more()) return need::input;
    if (!PQconsumeInput(raw())) return need::lost;
  }
}

[[gnu::hot]] bool wire::set_blocking(bool wanted) noexcept {
  if (blocking_ == wanted) return true;
  const int socket = descriptor();
  if (wanted) {
    using std::chrono::microseconds;
    const timeval limit{0, std::chrono::duration_cast<microseconds>(longest_block).count()};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  const int flags = ::fcntl(socket, F_GETFL);
  const int changed = wanted ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (flags < 0 || ::fcntl(socket, F_SETFL, changed) != 0) return false;
  blocking_ = wanted;
  return true;
}

[[gnu::hot]] wire::need wire::advance(runtime& rt, deadline until) noexcept {
  while (true) {
    const need next = advance();
    if (next != need::input || !waits_itself(rt, until.remaining(rt.coarse_now()))) return next;
    if (!PQconsumeInput(raw())) return need::lost;
  }
}

[[gnu::hot]] wire::need wire::first_answer() noexcept {
  if (!blocking_) return need::nothing;
  const int unsent = PQflush(raw());
  if (unsent == 0 && PQconsumeInput(raw())) return need::nothing;
  return unsent > 0 ? need::output : need::lost;
}

// Not with TLS: a read that finds half of a record would wait for the rest of it.
[[gnu::hot]] bool wire::waits_itself(runtime& rt, duration left) noexcept {
  const bool fit = left > 2 * longest_block && rt.reads_may_block() && !encrypted_;
  return set_blocking(fit) && fit;
}

wire_status wire::consume(wait_status waited) noexcept {
  if (waited != wait_status::ready) return as_wire(waited);
  return PQconsumeInput(raw()) ? wire_status::ok : wire_status::lost;
}

task<wire_status> wire::ready(runtime& rt, deadline until) {
  for (auto next = advance(); next != need::nothing; next = advance()) {
    if (next == need::lost) co_return wire_status::lost;
    if (next == need::output) never_block();
    const auto waited = co_await rt.wait(descriptor(), events_for(next), until);
    const auto status = consume(waited);
    if (status != wire_status::ok) co_return status;
  }
  co_return wire_status::ok;
}

task<wire_status> wire::take_pipeline(runtime& rt, int syncs, deadline until,
                                      std::vector<pg_result>& out) {
  while (syncs > 0) {
    const auto status = co_await ready(rt, until);
    if (status != wire_status::ok) co_return status;
    pg_result r = take();
    if (PQstatus(raw()) == CONNECTION_BAD) co_return wire_status::lost;
    if (!r) continue; // the end of one command
    if (PQresultStatus(r.get()) == PGRES_PIPELINE_SYNC) --syncs;
    out.push_back(std::move(r));
  }
  co_return wire_status::ok;
}

bool wire::gone() noexcept {
  char byte = 0;
  const auto n = ::recv(PQsocket(raw()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
  // Something came unasked: a parameter's new value, a notification, or a farewell.
  const bool read = PQconsumeInput(raw()) == 1;
  (void)PQisBusy(raw()); // parses, and so calls the notice receiver
  return !read || PQstatus(raw()) == CONNECTION_BAD || !last_words_.empty();
}

[[gnu::hot]] void wire::drop_notifications() noexcept {
  if (++statements_ % statements_between_looks != 0) return;
  while (PGnotify* n = PQnotifies(raw())) PQfreemem(n);
}

void wire::interrupt() noexcept {
  const std::lock_guard lock{mutex_};
  if (interruptible_ >= 0) ::shutdown(interruptible_, SHUT_RDWR);
}

void wire::close() noexcept {
  if (connection_) never_block(); // saying goodbye must not wait either
  connection_.reset();
  const std::lock_guard lock{mutex_};
  // Duplicates are about, and the server is to see at once that nothing more comes.
  if (interruptible_ >= 0) ::shutdown(interruptible_, SHUT_WR);
  if (const int d = std::exchange(interruptible_, -1); d >= 0) ::close(d);
}

} // namespace holdfast::drivers::postgres
