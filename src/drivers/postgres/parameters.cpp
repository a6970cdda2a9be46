#include "drivers/postgres/parameters.hpp"

#include "drivers/postgres/scalar_encoding.hpp"
#include "drivers/postgres/types.hpp"

#include <limits>

namespace holdfast::drivers::postgres {
namespace {

constexpr auto elsewhere = std::numeric_limits<std::size_t>::max();
constexpr std::size_t largest = std::numeric_limits<int>::max();

std::string where(std::size_t index) { return "parameter " + std::to_string(index + 1); }

error misfit(encoding problem, std::size_t index, const value& v, Oid type) {
  const auto given = std::string{to_string(v.type())};
  const auto wanted = type_name(type);
  switch (problem) {
  case encoding::out_of_range:
    return refusal(errc::value_out_of_range,
                   where(index) + ": this " + given + " does not fit into " + wanted);
  case encoding::malformed:
    return refusal(errc::parameter_type,
                   where(index) + ": this " + given + " cannot be read as " + wanted);
  case encoding::holds_nul:
    return refusal(errc::invalid_data,
                   where(index) + ": a " + given + " for " + wanted + " holds a NUL character");
  default:
    return refusal(errc::parameter_type, where(index) + " is " + given +
                                             ", but the statement takes " + wanted +
                                             " there: convert the value or write a cast");
  }
}

} // namespace

[[gnu::hot]] result<void> parameter_block::encode(std::span<const value> values,
                                                  std::span<const Oid> types) {
  if (values.size() != types.size())
    return refusal(errc::parameter_count, "the statement takes " + std::to_string(types.size()) +
                                              " parameters, " + std::to_string(values.size()) +
                                              " were given");
  const auto n = values.size();
  values_.resize(n);
  lengths_.resize(n);
  formats_.resize(n);
  offsets_.resize(n);
  encoded_.clear();
  for (std::size_t i = 0; i < n; ++i) {
    const value& v = values[i];
    values_[i] = nullptr;
    lengths_[i] = 0;
    formats_[i] = 1;
    offsets_[i] = elsewhere;
    if (v.type() == value_type::null) continue;
    const auto from = encoded_.size();
    std::string_view in_place;
    const auto done = encode_parameter(v, types[i], encoded_, in_place);
    if (done != encoding::binary && done != encoding::text) return misfit(done, i, v, types[i]);
    formats_[i] = done == encoding::binary ? 1 : 0;
    const auto size = in_place.data() ? in_place.size() : encoded_.size() - from;
    if (size > largest) return misfit(encoding::out_of_range, i, v, types[i]);
    lengths_[i] = static_cast<int>(size);
    if (in_place.data())
      values_[i] = in_place.data();
    else
      offsets_[i] = from;
    if (done == encoding::text && !in_place.data()) encoded_.push_back('\0');
  }
  encoded_.push_back('\0'); // so that an empty last value points at something
  for (std::size_t i = 0; i < n; ++i)
    if (offsets_[i] != elsewhere) values_[i] = encoded_.data() + offsets_[i];
  return {};
}

bool blames_parameters(const error& e) noexcept {
  return e.code == errc::parameter_type || e.code == errc::value_out_of_range ||
         e.code == errc::invalid_data;
}

} // namespace holdfast::drivers::postgres
