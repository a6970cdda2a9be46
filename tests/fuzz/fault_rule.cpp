#include "fuzz/targets.hpp"

#include <holdfast/fault_proxy.hpp>

namespace holdfast::fuzz {

void fault_rule_text(std::string_view input) {
  const auto understood = check_fault_command(input);
  if (!understood)
    demand(understood.error().code == errc::invalid_configuration &&
               !understood.error().message.empty(),
           "a line is refused without a reason", input);
  const auto rule = parse_fault_rule(input);
  if (!rule) {
    demand(rule.error().code == errc::invalid_configuration && !rule.error().message.empty(),
           "a rule is refused without a reason", input);
    return;
  }
  const std::string text = to_string(*rule);
  const auto again = parse_fault_rule(text);
  demand(again.has_value(), "a rule that was written anew is refused", text);
  demand(to_string(*again) == text, "a rule changes when it is written anew", text);
  const fault_rule& a = *rule;
  const fault_rule& b = *again;
  demand(a.verb == b.verb && a.direction == b.direction && a.at == b.at && a.after == b.after &&
             a.pattern == b.pattern && a.row == b.row && a.probability == b.probability &&
             a.connection == b.connection && a.times == b.times && a.time == b.time &&
             a.jitter == b.jitter && a.rate == b.rate && a.size == b.size && a.mask == b.mask,
         "a rule reads as another", text);
}

std::vector<std::string> fault_rule_seeds() {
  return {"reset at=after_commit times=1",
          "delay time=50ms jitter=10ms",
          "black_hole",
          "corrupt at=pattern pattern=%00%ff mask=1",
          "truncate after=512 direction=to_client",
          "slice size=1 time=1ms",
          "bandwidth rate=64KiB",
          "half_close at=end",
          "refuse probability=0.25",
          "reset at=in_row row=3 connection=2",
          "corrupt at=row_length",
          "remove 1",
          "rules",
          "stop",
          "heal",
          "status",
          "records",
          "help",
          "reset at=pattern pattern=COMMIT probability=1e-3"};
}

} // namespace holdfast::fuzz
