#include "telemetry/user_hook.hpp"

namespace holdfast::detail {
namespace {

constinit thread_local const user_hook_scope* innermost = nullptr;

} // namespace

user_hook_scope::user_hook_scope(const void* database) noexcept
    : database_{database}, outer_{innermost} {
  innermost = this;
}

user_hook_scope::~user_hook_scope() { innermost = outer_; }

bool inside_user_hook(const void* database) noexcept {
  for (const auto* scope = innermost; scope; scope = scope->outer_)
    if (scope->database_ == database) return true;
  return false;
}

} // namespace holdfast::detail
