#include "pool_driver/scripted.hpp"

namespace holdfast::pool_driver {

scripted_step connect_script::next() {
  const std::lock_guard lock{mutex_};
  while (at_ < steps_.size() && steps_[at_].times == 0U) ++at_;
  if (at_ == steps_.size()) return {};
  scripted_step& now = steps_[at_];
  if (now.times) --*now.times;
  return now;
}

task<result<scripted_connection>> scripted_connector::open(runtime& rt, deadline) {
  const scripted_step step = script_->next();
  if (step.delay > duration{}) {
    const wait_status status = co_await rt.sleep_until(rt.now() + step.delay);
    if (status == wait_status::cancelled) co_return wait_error(status, "connecting");
  }
  if (step.fail) co_return make_error(errc::connect_refused, "refused by the script");
  co_return scripted_connection{};
}

} // namespace holdfast::pool_driver
