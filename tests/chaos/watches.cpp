#include "chaos/watches.hpp"

#include <algorithm>
#include <filesystem>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

std::size_t entries_of(const char* folder) {
  const std::filesystem::directory_iterator all{folder};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace

resources resources::now() {
  return {.descriptors = entries_of("/proc/self/fd"), .threads = entries_of("/proc/self/task")};
}

resources resources::wait_until_within(const resources& other, duration limit) {
  resources r = now();
  for (const time_point end = clock::now() + limit; !r.within(other) && clock::now() < end;) {
    std::this_thread::sleep_for(5ms);
    r = now();
  }
  return r;
}

stall_meter::stall_meter()
    : thread_{[this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const time_point due = clock::now() + 5ms;
          std::this_thread::sleep_until(due);
          worst_ = std::max(worst_.load(), (clock::now() - due).count());
        }
      }} {}

} // namespace holdfast::matrix
