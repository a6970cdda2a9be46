// The blocking callable as a block; included by transaction.hpp.
#pragma once

#include <holdfast/operation_codec.hpp>
#include <holdfast/transaction.hpp>

namespace holdfast::detail {

template <class F, class R>
task<void> callable_block<F, R>::run(transaction_core& tx) {
  transaction handle{tx};
  if constexpr (std::is_void_v<R>)
    fn_(handle);
  else
    value_.emplace(fn_(handle));
  co_return;
}

template <class F, class R>
std::string callable_block<F, R>::result_text() const {
  if constexpr (std::is_void_v<R> || !storable_result<R>)
    return "null";
  else
    return encode_result(*value_);
}

template <class F, class R>
bool callable_block<F, R>::restore(std::string_view text) {
  if constexpr (std::is_void_v<R>)
    return true;
  else if constexpr (storable_result<R> && std::is_default_constructible_v<R>)
    return decode_result(text, value_.emplace());
  else
    return false;
}

} // namespace holdfast::detail
