// A named thread that runs its jobs one after the other.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>

namespace holdfast::pool_driver {

class worker {
public:
  worker() : thread_{[this] { run(); }} {}
  /// Ends after the jobs it has.
  ~worker() {
    post(nullptr);
    thread_.join();
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void post(std::function<void()> job) {
    const std::lock_guard lock{mutex_};
    jobs_.push(std::move(job));
    wake_.notify_one();
  }

  [[nodiscard]] bool idle() {
    const std::lock_guard lock{mutex_};
    return jobs_.empty() && !busy_;
  }

private:
  void run() {
    std::unique_lock lock{mutex_};
    while (true) {
      wake_.wait(lock, [this] { return !jobs_.empty(); });
      auto job = std::move(jobs_.front());
      jobs_.pop();
      if (!job) return;
      busy_ = true;
      lock.unlock();
      job();
      lock.lock();
      busy_ = false;
    }
  }

  std::mutex mutex_; // guards jobs_ and busy_
  std::condition_variable wake_;
  std::queue<std::function<void()>> jobs_;
  bool busy_ = false;
  std::thread thread_; // last: it uses the others
};

} // namespace holdfast::pool_driver
