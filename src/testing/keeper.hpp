#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace holdfast::testing {

/// A thread that does one thing at a time on request and lives as long as the object.
///
/// Linux ties "tell me when my parent dies" to the *thread* that forked: a child forked by a
/// short-lived thread would be killed early. Children are therefore forked here.
class keeper {
public:
  keeper();
  ~keeper();
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;

  /// Runs `job` on the keeper's thread and returns or throws what it does.
  int run(std::function<int()> job);

private:
  void loop();

  std::mutex mutex_; // guards job_ and ending_
  std::condition_variable changed_;
  std::packaged_task<int()> job_;
  bool ending_ = false;
  std::thread thread_; // last: starts when the rest stands
};

} // namespace holdfast::testing
