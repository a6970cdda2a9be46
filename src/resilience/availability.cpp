#include <holdfast/circuit_breaker.hpp>
#include <holdfast/fallback.hpp>

namespace holdfast {

bool counts_against_host(const error& e) noexcept {
  switch (e.code) {
  // Connection trouble that a person has to solve; an open breaker would hide its clear sentence.
  case errc::tls_failed:
  case errc::certificate_expired:
  case errc::certificate_untrusted:
  case errc::certificate_mismatch:
  // Our own refusals.
  case errc::circuit_open:
  case errc::admission_refused: return false;
  // Only a host that was asked can have failed to answer.
  case errc::deadline_exceeded: return e.when == phase::sent || e.when == phase::commit_in_flight;
  default: break;
  }
  switch (e.kind) {
  case category::connection:
  case category::overload:
  case category::resource:
  case category::protocol: return true;
  default: return false;
  }
}

bool is_unavailable(const error& e) noexcept {
  switch (e.code) {
  // A person has to solve these.
  case errc::tls_failed:
  case errc::certificate_expired:
  case errc::certificate_untrusted:
  case errc::certificate_mismatch:
  // The caller's own doing.
  case errc::pool_closed:
  case errc::forked:
  // The fate of a write, which nothing stands in for.
  case errc::outcome_unknown: return false;
  case errc::deadline_exceeded:
  case errc::read_only_server: return true;
  default: break;
  }
  switch (e.kind) {
  case category::connection:
  case category::pool:
  case category::overload:
  case category::resource: return true;
  default: return false;
  }
}

} // namespace holdfast
