// Ending a session whose COMMIT was not answered, so that its operation key can be asked for. What
// became of a transaction without a key this engine does not tell: it has no id that outlives it.
#include "drivers/mysql/connection.hpp"
#include "drivers/mysql/session_name.hpp"

namespace holdfast::drivers::mysql {
namespace {

constexpr std::string_view no_such_thread = "1094";

} // namespace

std::string connection::session_token() const {
  return to_string(session_name{facts_.server, facts_.id});
}

/// A frozen client's session would keep its locks for hours, and who waits for one gives up after
/// innodb_lock_wait_timeout. A COMMIT that the server is at goes through or not: the key tells.
task<result<void>> connection::end_session(runtime& rt, std::string_view token, deadline until) {
  const auto name = parse_session_name(token);
  if (!name) co_return refusal(errc::invalid_configuration, "session: not one of MySQL's");
  // The ids of another life of the server are other sessions'.
  if (!name->server.same_as(facts_.server)) co_return result<void>{};
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  const auto text = "kill connection " + std::to_string(name->id);
  auto ended = co_await simple(rt, text, harmless(), until);
  if (!ended && ended.error().native_code == no_such_thread) co_return result<void>{};
  co_return ended;
}

} // namespace holdfast::drivers::mysql
