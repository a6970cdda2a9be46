// A JSON object, written in order.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

[[nodiscard]] std::string json_text(std::string_view text);

/// `{"a":1,"b":"x"}` on one line. Numbers have up to three decimals and no exponent.
class json_object {
public:
  json_object& add(std::string_view key, std::string_view text) {
    return raw(key, json_text(text));
  }
  json_object& add(std::string_view key, const char* text) {
    return add(key, std::string_view{text});
  }
  json_object& add(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  json_object& add(std::string_view key, double value);
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  json_object& add(std::string_view key, T value) {
    return raw(key, std::to_string(value));
  }
  template <std::signed_integral T>
  json_object& add(std::string_view key, T value) {
    return raw(key, std::to_string(value));
  }
  /// What is not known is null.
  json_object& add(std::string_view key, const std::optional<double>& value);
  json_object& add(std::string_view key, const std::vector<std::string>& texts);
  json_object& add(std::string_view key, const std::vector<json_object>& objects);
  json_object& add(std::string_view key, const json_object& object) {
    return raw(key, object.text());
  }

  [[nodiscard]] std::string text() const { return "{" + body_ + "}"; }

private:
  json_object& raw(std::string_view key, std::string_view value);
  std::string body_;
};

} // namespace holdfast::cli
