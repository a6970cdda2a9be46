// What a command may ask of its command line. The parser behind it is included in one file only.
#pragma once

#include "base/option_codec.hpp"

#include <holdfast/time.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// A command line that makes no sense; the program ends with 2 and says how to be helped.
class usage_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Takes an argument's text; gives what would have been right when it is not that.
using reader = std::function<std::optional<std::string>(std::string_view)>;

[[nodiscard]] reader read_text(std::string& out);
[[nodiscard]] reader read_time(duration& out, detail::range bounds);
[[nodiscard]] reader read_count(std::uint32_t& out, detail::range bounds);
[[nodiscard]] reader read_number(double& out, detail::range bounds);
[[nodiscard]] reader read_seed(std::optional<std::uint64_t>& out);
[[nodiscard]] reader read_choice(std::string& out, std::vector<std::string> choices);

/// Collects what a command takes. What `reader`s and flags refer to must outlive the parsing.
class arguments {
public:
  virtual ~arguments() = default;
  /// `names`: "-v,--verbose".
  virtual void flag(std::string names, bool& out, std::string help) = 0;
  virtual void value(std::string names, std::string placeholder, reader take, std::string help) = 0;
  virtual void positional(std::string name, bool required, reader take, std::string help) = 0;
};

} // namespace holdfast::cli
