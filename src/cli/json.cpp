#include "cli/json.hpp"

#include <fmt/format.h>

namespace holdfast::cli {

namespace {

std::string json_number(double value) {
  std::string text = fmt::format("{:.3f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

template <class List, class Show>
std::string json_list(const List& list, Show show) {
  std::string text = "[";
  for (const auto& each : list) {
    if (text.size() > 1) text += ',';
    text += show(each);
  }
  return text + "]";
}

} // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (byte < 0x20)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out + '"';
}

json_object& json_object::raw(std::string_view key, std::string_view value) {
  if (!body_.empty()) body_ += ',';
  body_ += json_text(key);
  body_ += ':';
  body_ += value;
  return *this;
}

json_object& json_object::add(std::string_view key, double value) {
  return raw(key, json_number(value));
}

json_object& json_object::add(std::string_view key, const std::optional<double>& value) {
  return raw(key, value ? json_number(*value) : "null");
}

json_object& json_object::add(std::string_view key, const std::vector<std::string>& texts) {
  return raw(key, json_list(texts, [](const std::string& t) { return json_text(t); }));
}

json_object& json_object::add(std::string_view key, const std::vector<json_object>& objects) {
  return raw(key, json_list(objects, [](const json_object& o) { return o.text(); }));
}

} // namespace holdfast::cli
