#pragma once

#include <holdfast/error.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace holdfast {

/// Throws the `database_error` subclass that fits `e.kind`; see exceptions.hpp.
[[noreturn]] void throw_error(error e);

/// A value or an error. Small: the error lives on the heap, so success costs no more than the
/// value.
///
/// `value()` throws `database_error`; `*r`, `r->` and `error()` require the matching state.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;

  result(T value) : state_{std::in_place_index<0>, std::move(value)} {}
  result(holdfast::error e)
      : state_{std::in_place_index<1>, std::make_unique<holdfast::error>(std::move(e))} {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  holdfast::error& error() & noexcept { return **std::get_if<1>(&state_); }
  const holdfast::error& error() const& noexcept { return **std::get_if<1>(&state_); }
  holdfast::error&& error() && noexcept { return std::move(**std::get_if<1>(&state_)); }

  T& value() & {
    if (!has_value()) throw_error(error());
    return **this;
  }
  const T& value() const& {
    if (!has_value()) throw_error(error());
    return **this;
  }
  T value() && {
    if (!has_value()) throw_error(std::move(error()));
    return *std::move(*this);
  }

private:
  std::variant<T, std::unique_ptr<holdfast::error>> state_;
};

template <>
class [[nodiscard]] result<void> {
public:
  using value_type = void;

  result() noexcept = default;
  result(holdfast::error e) : error_{std::make_unique<holdfast::error>(std::move(e))} {}

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }

  holdfast::error& error() & noexcept { return *error_; }
  const holdfast::error& error() const& noexcept { return *error_; }
  holdfast::error&& error() && noexcept { return std::move(*error_); }

  void value() const& {
    if (error_) throw_error(*error_);
  }

private:
  std::unique_ptr<holdfast::error> error_;
};

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

} // namespace holdfast
