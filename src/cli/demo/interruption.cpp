#include "cli/demo/interruption.hpp"

#include <atomic>

namespace holdfast::cli::demo {

namespace {

// A signal handler can reach nothing else.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void note(int) { interrupted.store(true); }

} // namespace

interruption::interruption() {
  interrupted.store(false);
  struct sigaction mark {};
  mark.sa_handler = note;
  mark.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &mark, &interrupt_);
  ::sigaction(SIGTERM, &mark, &terminate_);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &pipe_);
}

interruption::~interruption() {
  ::sigaction(SIGINT, &interrupt_, nullptr);
  ::sigaction(SIGTERM, &terminate_, nullptr);
  ::sigaction(SIGPIPE, &pipe_, nullptr);
}

bool interruption::came() noexcept { return interrupted.load(); }

} // namespace holdfast::cli::demo
