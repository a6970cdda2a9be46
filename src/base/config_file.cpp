#include "base/config_file.hpp"

#include "base/option_codec.hpp"
#include "base/text.hpp"

#include <optional>

// Header-only and without exceptions, in this file alone: nothing of toml++ leaves it.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
// Some of its assertions are of the text (a date that breaks off): off they do no harm, as a check
// follows, but on they end the program, and with NDEBUG clang believes them.
#define TOML_ASSERT(expr) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/impl/forward_declarations.h>
// Some letters that are no ASCII get where its code says nobody can: there it is to say "no".
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace holdfast::detail {
namespace {

std::string position(const std::string& file, const toml::source_region& where) {
  return file + ":" + std::to_string(where.begin.line);
}

std::optional<std::string> joined(const toml::array& list) {
  std::string text;
  for (const auto& item : list) {
    const auto* part = item.as_string();
    if (part == nullptr) return std::nullopt;
    text += (text.empty() ? "" : ",") + part->get();
  }
  return text;
}

void fill(const toml::node& node, file_entry& out) {
  std::string text;
  if (const auto* words = node.as_string()) {
    out.what = file_entry::kind::text;
    text = words->get();
  } else if (const auto* list = node.as_array()) {
    auto words_joined = joined(*list);
    if (words_joined) out.what = file_entry::kind::text;
    text = std::move(words_joined).value_or("");
  } else if (const auto* whole = node.as_integer()) {
    out.what = file_entry::kind::bare;
    text = std::to_string(whole->get());
  } else if (const auto* real = node.as_floating_point()) {
    out.what = file_entry::kind::bare;
    text = show_value(real->get());
  } else if (const auto* flag = node.as_boolean()) {
    out.what = file_entry::kind::bare;
    text = flag->get() ? "true" : "false";
  }
  out.value = secret{text};
  wipe(text);
}

void flatten(const toml::table& table, const std::string& file, std::vector<std::string>& path,
             std::vector<file_entry>& out) {
  for (const auto& [key, node] : table) {
    path.emplace_back(key.str());
    file_entry entry;
    entry.path = path;
    entry.origin = position(file, node.source());
    const auto* inner = node.as_table();
    if (inner == nullptr)
      fill(node, entry);
    else
      entry.what = file_entry::kind::table;
    out.push_back(std::move(entry));
    if (inner != nullptr) flatten(*inner, file, path, out);
    path.pop_back();
  }
}

// toml++ quotes what it saw, which may be a part of a password; what it expected is harmless.
std::string without_quotes(std::string_view words) {
  words = words.substr(0, words.find(", saw"));
  std::string text;
  for (const auto part : split(words, '\'')) {
    if (text.empty())
      text = part;
    else
      return text + "…";
  }
  return text;
}

} // namespace

std::variant<std::vector<file_entry>, violation> parse_config_file(std::string_view text,
                                                                   const std::string& file) {
  const auto parsed = toml::parse(text);
  if (!parsed) {
    const auto& failure = parsed.error();
    const auto& at = failure.source().begin;
    return violation{"TOML", position(file, failure.source()) + ":" + std::to_string(at.column),
                     without_quotes(failure.description()),
                     "well-formed TOML (text stands in quotes)"};
  }
  std::vector<file_entry> entries;
  std::vector<std::string> path;
  flatten(parsed.table(), file, path, entries);
  return entries;
}

} // namespace holdfast::detail
