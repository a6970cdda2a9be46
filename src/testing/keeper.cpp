#include "testing/keeper.hpp"

#include <utility>

namespace holdfast::testing {

keeper::keeper() : thread_([this] { loop(); }) {}

keeper::~keeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

int keeper::run(std::function<int()> job) {
  std::packaged_task<int()> task(std::move(job));
  auto done = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    job_ = std::move(task);
  }
  changed_.notify_one();
  return done.get();
}

void keeper::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || job_.valid(); });
    if (ending_) return;
    auto job = std::exchange(job_, {});
    lock.unlock();
    job();
    lock.lock();
  }
}

} // namespace holdfast::testing
