#include "drivers/postgres/tls_probe.hpp"

#include "drivers/way.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

namespace holdfast::drivers::postgres {
namespace {

struct free_tls {
  void operator()(SSL* s) const noexcept { SSL_free(s); }
  void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
};
template <class T>
using owned = std::unique_ptr<T, free_tls>;

/// Verifies as libpq was asked to.
owned<SSL> make_session(SSL_CTX* context, const tls_probe_target& to, int descriptor) {
  if (!context) return {};
  if (to.mode == tls_mode::verify_ca || to.mode == tls_mode::verify_full) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_locations(context, to.ca_file.c_str(), nullptr) != 1) return {};
  }
  owned<SSL> session{SSL_new(context)};
  if (!session || SSL_set_fd(session.get(), descriptor) != 1) return {};
  if (to.mode == tls_mode::verify_full) {
    auto* parameters = SSL_get0_param(session.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, to.host.c_str()) != 1)
      X509_VERIFY_PARAM_set1_host(parameters, to.host.c_str(), to.host.size());
  }
  return session;
}

/// Asks for TLS as PostgreSQL's protocol does: one message, one byte back.
task<std::optional<char>> ask_for_tls(runtime& rt, int descriptor, deadline until) {
  constexpr std::array<unsigned char, 8> ssl_request{0, 0, 0, 8, 4, 210, 22, 47};
  const auto sent = ::send(descriptor, ssl_request.data(), ssl_request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(ssl_request.size())) co_return std::nullopt;
  const auto readable = co_await rt.wait(descriptor, io::read, until);
  char answer = 0;
  if (readable != wait_status::ready || ::recv(descriptor, &answer, 1, 0) != 1)
    co_return std::nullopt;
  co_return answer;
}

task<tls_finding> shake_hands(runtime& rt, SSL* session, int descriptor, deadline until) {
  while (true) {
    ERR_clear_error();
    const int done = SSL_connect(session);
    if (done == 1) co_return tls_finding::nothing_wrong;
    const int wants = SSL_get_error(session, done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) break;
    const auto events = wants == SSL_ERROR_WANT_READ ? io::read : io::write;
    const auto waited = co_await rt.wait(descriptor, events, until);
    if (waited != wait_status::ready) co_return tls_finding::unreachable;
  }
  co_return finding_of_verification(SSL_get_verify_result(session));
}

} // namespace

task<tls_finding> probe_tls(runtime& rt, tls_probe_target to, deadline until) {
  const open_socket way = co_await open_way(rt, to.address, to.port, until);
  if (!way) co_return tls_finding::unreachable;
  const int d = way.get();
  const auto answer = co_await ask_for_tls(rt, d, until);
  if (!answer) co_return tls_finding::unreachable;
  if (*answer != 'S') co_return tls_finding::not_offered;
  const owned<SSL_CTX> context{SSL_CTX_new(TLS_client_method())};
  const auto session = make_session(context.get(), to, d);
  if (!session) co_return tls_finding::handshake_failed;
  co_return co_await shake_hands(rt, session.get(), d, until);
}

} // namespace holdfast::drivers::postgres
