// Retry and circuit breaker around any callable, without a database.
#include <holdfast/pipeline.hpp>
#include <holdfast/retry.hpp>

#include <cstdio>

namespace hf = holdfast;
using namespace std::chrono_literals;

int main() {
  hf::retry_policy policy{3, {1ms, 10ms}};
  int calls = 0;
  const auto flaky = [&]() -> hf::result<int> {
    if (++calls < 3) return hf::make_error(hf::errc::connect_refused, "not yet");
    return calls;
  };
  const hf::result<int> third = hf::with_retry(policy, flaky);

  hf::pipeline guarded{{.deadline = 1s, .name = "shop"}};
  const hf::result<int> value = guarded.run([]() -> hf::result<int> { return 7; });
  std::printf("%d after %d calls, then %d\n", *third, calls, *value);
  return third && *third == 3 && *value == 7 ? 0 : 1;
}
