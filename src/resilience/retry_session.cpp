#include <holdfast/retry_decision.hpp>

#include <limits>
#include <string>
#include <utility>

namespace holdfast {

void retry_session::remember(error e) {
  if (e.effect != side_effect::none) {
    worst_ = e.effect;
    if (!e.outcome_token.empty()) outcome_token_ = e.outcome_token;
  }
  if (is_local_refusal(e) && last_ && !is_local_refusal(*last_)) real_ = std::move(last_);
  if (!is_local_refusal(e)) real_.reset();
  last_ = std::make_unique<error>(std::move(e));
}

retry_decision retry_session::failed(error e, time_point now, std::uint64_t random, duration median,
                                     retry_budget* budget) {
  remember(std::move(e));
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  retry_question q{options_, terms_, state_, *last_,
                   now,      random, median, budget ? budget->balance() : unlimited};
  retry_decision d = decide_retry(q);
  if (budget && d.cost > 0 && !budget->try_spend(d.cost)) { // another call was quicker
    q.budget = 0;
    d = decide_retry(q);
  }
  if (d.what != retry_decision::action::give_up) note(d);
  return d;
}

void retry_session::note(const retry_decision& d) noexcept {
  ++state_.retries[static_cast<std::size_t>(d.kind)];
  if (d.kind == retry_kind::connect) state_.waited += d.pause;
  if (d.kind == retry_kind::refused) state_.waited += d.delay;
  state_.previous = d.what == retry_decision::action::retry ? d.delay : d.pause;
  const bool free = d.cost <= 0 && last_->kind != category::request;
  if (d.kind == retry_kind::statement && free) state_.lent = true;
}

error retry_session::take_error(time_point now) {
  error e = std::move(real_ ? *real_ : *last_);
  e.where.attempt = state_.attempts;
  e.where.elapsed = now - start_;
  // An earlier attempt may have done what the last one could not.
  if (e.effect == side_effect::none && worst_ != side_effect::none) e.effect = worst_;
  if (e.outcome_token.empty()) e.outcome_token = std::move(outcome_token_);
  if (state_.attempts > 1)
    e.message += " (after " + std::to_string(state_.attempts) + " attempts in " +
                 std::to_string(e.where.elapsed / std::chrono::milliseconds{1}) + " ms)";
  return e;
}

} // namespace holdfast
