/// Something else in place of an answer that could not be had: a default, a cached value, another
/// way. For availability only: what a server refuses for a reason stays an error.
#pragma once

#include <holdfast/attempt.hpp>
#include <holdfast/error.hpp>
#include <holdfast/result.hpp>

#include <type_traits>
#include <utility>

namespace holdfast {

/// Whether nobody could be asked or answered in time: no connection, an open breaker, overload, a
/// full pool, a deadline. Not a constraint, a mistake in a statement, a wrong password, a conflict,
/// nor a call that its caller cancelled.
[[nodiscard]] bool is_unavailable(const error& e) noexcept;

/// Which errors a fallback may stand in for.
using error_filter = bool (*)(const error&) noexcept;

/// Of an error whose write took effect, or may have, nothing can stand in: that would hide it.
[[nodiscard]] inline bool may_fall_back(const error& e, error_filter when) noexcept {
  return e.effect == side_effect::none && when(e);
}

namespace detail {

template <class T, class G>
result<T> stand_in(const error& e, G& instead) {
  if constexpr (std::is_invocable_v<G&, const error&>)
    return as_result<T>([&]() -> decltype(auto) { return instead(e); });
  else if constexpr (std::is_invocable_v<G&>)
    return as_result<T>([&]() -> decltype(auto) { return instead(); });
  else
    return result<T>{std::move(instead)};
}

} // namespace detail

/// The result itself, or what stands in for it: `instead` is a value, or a callable that takes the
/// error or nothing and gives T or `result<T>`.
///
///     long n = or_fallback(db.try_query_value<long>("…"), std::optional<long>{0}).value().value();
template <class T, class G>
[[nodiscard]] result<T> or_fallback(result<T> r, G instead, error_filter when = is_unavailable) {
  if (r || !may_fall_back(r.error(), when)) return r;
  return detail::stand_in<T>(r.error(), instead);
}

namespace detail {

template <class T, class G>
task<result<T>> finish_or_fall_back(task<result<T>> work, G instead, error_filter when) {
  auto ended = co_await std::move(work);
  co_return or_fallback(std::move(ended), std::move(instead), when);
}

} // namespace detail

/// Calls `fn`, which returns T or `result<T>`, and gives its value or what stands in for it. Other
/// errors leave as they came: thrown, or as the result where `fn` returns one.
template <class F, class G>
auto with_fallback(F&& fn, G instead, error_filter when = is_unavailable) {
  using R = std::invoke_result_t<F&>;
  if constexpr (is_result<R>) {
    return or_fallback(std::forward<F>(fn)(), std::move(instead), when);
  } else {
    try {
      return std::forward<F>(fn)();
    } catch (const database_error& e) {
      if (!may_fall_back(e.details(), when)) throw;
      return detail::stand_in<R>(e.details(), instead).value();
    }
  }
}

} // namespace holdfast
