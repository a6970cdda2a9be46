#include "drivers/mysql/connect.hpp"

#include "drivers/mysql/connect_failure.hpp"
#include "drivers/mysql/login.hpp"

namespace holdfast::drivers::mysql {

task<result<entered<logged_in>>> connect(runtime& rt, const settings& s, deadline until,
                                         bool may_be_other) {
  auto try_address = [&s, may_be_other](runtime& on, const tls_plan& tls, const credential& who,
                                        const std::string& address, deadline limit) {
    return log_in(on, login_request{s, tls, who, address, may_be_other}, limit);
  };
  auto entering = enter<logged_in>(rt, s, try_address, until);
  co_return co_await std::move(entering);
}

} // namespace holdfast::drivers::mysql
