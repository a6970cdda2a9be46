// What the library is told before it connects.
#pragma once

#include "drivers/mysql/login.hpp"

namespace holdfast::drivers::mysql {

/// `left`: what remains of the login's time; the library counts in seconds, and our own waits are
/// what ends it.
void set_options(MYSQL* on, const login_request& to, duration left);

/// Whether the library itself is to judge the certificate's name.
void verify_certificate(MYSQL* on, bool wanted);

} // namespace holdfast::drivers::mysql
