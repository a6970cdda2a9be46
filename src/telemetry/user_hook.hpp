// Knows whether this thread is inside a function of the user that a database called.
#pragma once

namespace holdfast::detail {

/// Marks the thread, while it lives, as running a user function on behalf of `database` (the
/// address of its shared state: an identity, never followed). Hooks nest. Use it on the stack only,
/// around the call itself: never across a co_await.
class user_hook_scope {
public:
  explicit user_hook_scope(const void* database) noexcept;
  ~user_hook_scope();
  user_hook_scope(const user_hook_scope&) = delete;
  user_hook_scope& operator=(const user_hook_scope&) = delete;

private:
  friend bool inside_user_hook(const void* database) noexcept;
  const void* database_;
  const user_hook_scope* outer_;
};

/// Whether a call to `database` from here is re-entrant, to be refused with errc::reentrant_call.
[[nodiscard]] bool inside_user_hook(const void* database) noexcept;

} // namespace holdfast::detail
