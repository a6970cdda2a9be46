// One login at one address, where it may block.
#pragma once

#include "drivers/mysql/connect.hpp"

namespace holdfast::drivers::mysql {

/// All of it must outlive the task.
struct login_request {
  const settings& s;
  const tls_plan& tls;
  const credential& who;
  const std::string& address; ///< numeric; empty for a Unix socket
  /// Nobody has logged in there yet: a server that stays silent may be another engine's, and is
  /// asked on a connection of its own.
  bool may_be_other = false;
};

[[nodiscard]] task<result<logged_in>> log_in(runtime& rt, login_request to, deadline until);

/// The same inline, in a thread that may block; what it learns of the server included.
[[nodiscard]] result<logged_in> log_in_here(runtime& rt, const login_request& to, deadline until);

} // namespace holdfast::drivers::mysql
