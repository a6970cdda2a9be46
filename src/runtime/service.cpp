#include "runtime/asio_runtime.hpp"
#include "runtime/system.hpp"

#include <holdfast/service.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>
#include <vector>

namespace holdfast {

namespace asio = boost::asio;

namespace {

constexpr std::size_t blocking_threads = 8;

/// The loop's runtime: many tasks share it, so it counts them to know when it may end.
class loop_runtime final : public asio_runtime {
public:
  loop_runtime(asio::io_context& context, std::shared_ptr<detail::blocking_pool> blocking)
      : asio_runtime{context.get_executor(), blocking}, blocking_{std::move(blocking)},
        context_{context}, work_{asio::make_work_guard(context)} {}

  void spawn(task<void> work) override {
    const std::lock_guard lock{mutex_};
    if (over_) return; // nobody would run it, nor destroy what it holds, which may be this loop
    asio::post(context_, [this, w = std::move(work)]() mutable {
      if (stopping_) return;
      ++roots_;
      detail::run_root(std::move(w), [this] {
        --roots_;
        end_if_done();
      });
    });
  }

  branch fork() override {
    auto made = std::make_shared<asio_runtime>(executor(), blocking_, this);
    const std::lock_guard lock{mutex_};
    std::erase_if(branches_, [](const auto& weak) { return weak.expired(); });
    branches_.push_back(made);
    return {made, [made] { asio::post(made->executor(), [made] { made->cancel(); }); }};
  }

  /// On the loop only.
  void stop() {
    stopping_ = true;
    cancel();
    for (const auto& weak : take_branches())
      if (const auto alive = weak.lock()) alive->cancel();
    end_if_done();
  }

  /// On the loop's thread, after its last task: lets go of what was spawned too late.
  void end() {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
    }
    context_.restart();
    context_.poll();
  }

private:
  void end_if_done() {
    if (stopping_ && roots_ == 0) work_.reset();
  }

  using branch_list = std::vector<std::weak_ptr<asio_runtime>>;
  branch_list take_branches() {
    const std::lock_guard lock{mutex_};
    return std::move(branches_);
  }

  std::mutex mutex_; // guards over_ and branches_
  bool over_ = false;
  branch_list branches_; // whose tasks may still run
  std::shared_ptr<detail::blocking_pool> blocking_;
  asio::io_context& context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::size_t roots_ = 0; // tasks that have not ended; on the loop only, as is all below
  bool stopping_ = false;
};

} // namespace

struct service::state {
  asio::io_context context{1};
  std::shared_ptr<detail::blocking_pool> blocking =
      std::make_shared<detail::blocking_pool>(blocking_threads);
  std::shared_ptr<loop_runtime> loop = std::make_shared<loop_runtime>(context, blocking);
  std::shared_ptr<runtime> background = loop;
  std::mutex mutex; // guards thread and stopped
  std::thread thread;
  bool stopped = false;
};

service::service() : state_{std::make_shared<state>()} {
  state_->thread = std::thread{[s = state_] {
    s->context.run();
    s->loop->end();
  }};
}

service::~service() { stop(); }

const std::shared_ptr<runtime>& service::background() const noexcept { return state_->background; }

const std::shared_ptr<detail::blocking_pool>& service::blocking() const noexcept {
  return state_->blocking;
}

void service::stop() noexcept {
  const std::lock_guard lock{state_->mutex};
  if (std::exchange(state_->stopped, true)) return;
  asio::post(state_->context, [s = state_.get()] { s->loop->stop(); });
  if (state_->thread.get_id() == std::this_thread::get_id()) {
    state_->thread.detach(); // the thread holds its share of the state
    return;
  }
  state_->thread.join();
  state_->blocking->stop();
}

} // namespace holdfast
