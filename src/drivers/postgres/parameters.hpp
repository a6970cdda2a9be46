// Parameters as the server described them: checked and encoded before anything is sent.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/value.hpp>

#include <cstdint>
#include <libpq-fe.h>
#include <span>
#include <string>
#include <vector>

namespace holdfast::drivers::postgres {

/// The arrays that PQsendQueryPrepared takes. Reused from call to call, so that a statement that
/// was run before allocates nothing. Texts are not copied: the values must live until the send.
class parameter_block {
public:
  /// Errors name the position, from 1, and both types: parameter_count, parameter_type,
  /// value_out_of_range, invalid_data (a NUL in a text). Nothing was sent then.
  /// A string is accepted for any type and travels in the server's text form; otherwise the types
  /// must correspond, and a number must fit without loss (but for a double's digits in a float4).
  [[nodiscard]] result<void> encode(std::span<const value> values, std::span<const Oid> types);

  [[nodiscard]] int count() const noexcept { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const noexcept { return values_.data(); }
  [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
  [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }

private:
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::size_t> offsets_; // into encoded_, or npos for a value that points elsewhere
  std::string encoded_;              // all that had to be written, one after another
};

/// An error of `encode` that other parameter types might not have given.
[[nodiscard]] bool blames_parameters(const error& e) noexcept;

} // namespace holdfast::drivers::postgres
