#include "chaos/rule.hpp"

#include "base/suggest.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <type_traits>
#include <utility>
#include <vector>

namespace holdfast {

namespace chaos {
namespace {

using detail::range;

template <class T>
struct plain {
  using type = T;
};
template <>
struct plain<std::uint8_t> {
  using type = std::uint32_t;
};
template <>
struct plain<std::optional<std::uint32_t>> {
  using type = std::uint32_t;
};

/// One `key=value`. `verbs` are those that take it; empty: all.
struct key {
  std::string_view name;
  std::vector<fault_verb> verbs;
  range bounds;
  bool (*read)(std::string_view, range, fault_rule&);
  std::string (*show)(const fault_rule&); ///< nothing for what is by default
  std::string (*takes)(range);
};

std::string quote(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (code < 0x20 || code >= 0x7f) {
      text += {'\\', 'x', digits[code >> 4U], digits[code & 15U]};
    } else {
      text += c;
    }
  }
  return text + '"';
}

template <class T>
std::string show_field(const T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    return quote(value);
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return detail::show_value(std::uint32_t{value});
  else if constexpr (std::is_same_v<T, std::optional<std::uint32_t>>)
    return detail::show_value(value.value_or(0));
  else
    return detail::show_value(value);
}

template <auto Member>
key row(std::string_view name, std::vector<fault_verb> verbs, range bounds = {}) {
  using field = std::remove_cvref_t<decltype(std::declval<fault_rule&>().*Member)>;
  using read_as = typename plain<field>::type;
  return {name,
          std::move(verbs),
          bounds,
          [](std::string_view text, range within, fault_rule& into) {
            read_as value{};
            if (!detail::parse_value(text, value)) return false;
            const auto size = detail::measure(value);
            if (size && !within.holds(*size)) return false;
            into.*Member = static_cast<field>(std::move(value));
            return true;
          },
          [](const fault_rule& of) {
            return of.*Member == fault_rule{}.*Member ? std::string{} : show_field(of.*Member);
          },
          [](range within) { return detail::description<read_as>::of(within); }};
}

const std::vector<key>& keys() {
  using enum fault_verb;
  constexpr double day = 86400;
  constexpr double any_count = 4294967295.0;
  constexpr double any_size = 0x1p50; // a PiB
  static const std::vector<key> all{
      row<&fault_rule::direction>(
          "direction", {black_hole, delay, bandwidth, slice, truncate, corrupt, reset, half_close}),
      row<&fault_rule::at>(
          "at", {black_hole, delay, bandwidth, slice, truncate, corrupt, reset, half_close}),
      row<&fault_rule::after>(
          "after", {black_hole, delay, bandwidth, slice, truncate, corrupt, reset, half_close},
          {0, any_size}),
      row<&fault_rule::pattern>(
          "pattern", {black_hole, delay, bandwidth, slice, truncate, corrupt, reset, half_close}),
      row<&fault_rule::row>(
          "row", {black_hole, delay, bandwidth, slice, truncate, corrupt, reset, half_close},
          {1, any_count}),
      row<&fault_rule::probability>("probability", {}, {0, 1, true, false}),
      row<&fault_rule::connection>("connection", {}, {1, any_count}),
      row<&fault_rule::times>("times", {}, {1, any_count}),
      row<&fault_rule::time>("time", {delay, slice}, {0, day}),
      row<&fault_rule::jitter>("jitter", {delay}, {0, day}),
      row<&fault_rule::rate>("rate", {bandwidth}, {1, any_size}),
      row<&fault_rule::size>("size", {slice}, {1, any_size}),
      row<&fault_rule::mask>("mask", {corrupt}, {1, 255}),
  };
  return all;
}

bool takes_key(fault_verb verb, const key& k) {
  return k.verbs.empty() || std::ranges::find(k.verbs, verb) != k.verbs.end();
}

std::vector<std::string_view> keys_of(fault_verb verb) {
  std::vector<std::string_view> names;
  for (const auto& k : keys())
    if (takes_key(verb, k)) names.push_back(k.name);
  return names;
}

struct word {
  std::string key;
  std::string value;
  bool has_value = false;
};

std::optional<char> hex(std::string_view two) {
  unsigned code = 0;
  const auto* const end = two.data() + two.size();
  if (two.size() != 2 || std::from_chars(two.data(), end, code, 16).ptr != end) return std::nullopt;
  return static_cast<char>(code);
}

/// What follows a backslash, which is taken; nothing for what is no escape.
std::optional<char> take_escape(std::string_view& text) {
  const char c = text.empty() ? '\0' : text.front();
  text.remove_prefix(text.empty() ? 0 : 1);
  switch (c) {
  case '\\':
  case '"': return c;
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  case '0': return '\0';
  case 'x': {
    const auto code = hex(text.substr(0, 2));
    if (code) text.remove_prefix(2);
    return code;
  }
  default: return std::nullopt;
  }
}

/// One word of a line: `verb`, `key=value` or `key="a value"`.
result<word> take_word(std::string_view& line) {
  word w;
  bool quoted = false;
  while (!line.empty()) {
    const char c = line.front();
    if (!quoted && (c == ' ' || c == '\t')) break;
    line.remove_prefix(1);
    auto& part = w.has_value ? w.value : w.key;
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '=' && !w.has_value) {
      w.has_value = true;
    } else if (c == '\\' && quoted) {
      const auto meant = take_escape(line);
      if (!meant) return wrong(R"(in quotes a \ begins \\ \" \n \r \t \0 or \xNN)");
      part += *meant;
    } else {
      part += c;
    }
  }
  if (quoted) return wrong(w.key + ": the closing \" is missing");
  line = detail::trim(line);
  return w;
}

result<void> read_key(const word& w, fault_rule& into) {
  const auto of_verb = keys_of(into.verb);
  const auto& all = keys();
  const auto at = std::ranges::find(all, w.key, &key::name);
  const auto verb = detail::show_value(into.verb);
  if (at == all.end())
    return wrong("there is no key '" + w.key + "'" + detail::did_you_mean(w.key, of_verb) + "; " +
                 verb + " takes " +
                 detail::describe_names(of_verb.data(), of_verb.size()).substr(7));
  if (!takes_key(into.verb, *at)) return wrong(verb + " takes no " + w.key);
  if (!w.has_value || !at->read(w.value, at->bounds, into))
    return wrong(w.key + ": " + given_takes(w.value, at->takes(at->bounds)));
  if (w.key == "pattern") into.at = fault_place::pattern;
  return {};
}

} // namespace

error wrong(std::string message) {
  return make_error(errc::invalid_configuration, std::move(message));
}

std::string given_takes(std::string_view given, std::string_view takes) {
  return "given " + (given.empty() ? "nothing" : std::string{given}) + "; takes " +
         std::string{takes};
}

fault_direction seen_in(fault_place at) noexcept {
  switch (at) {
  case fault_place::before_commit:
  case fault_place::after_commit:
  case fault_place::cancel: return fault_direction::to_server;
  case fault_place::in_row:
  case fault_place::row_length: return fault_direction::to_client;
  case fault_place::offset:
  case fault_place::pattern:
  case fault_place::end: break;
  }
  return fault_direction::both;
}

std::optional<std::string> complaint(const fault_rule& rule) {
  const auto verb = detail::show_value(rule.verb);
  for (const auto& k : keys()) {
    const auto shown = k.show(rule);
    if (shown.empty()) continue;
    fault_rule scratch;
    if (!takes_key(rule.verb, k)) return verb + " takes no " + std::string{k.name};
    if (k.name != "pattern" && !k.read(shown, k.bounds, scratch))
      return std::string{k.name} + ": " + given_takes(shown, k.takes(k.bounds));
  }
  using enum fault_place;
  const bool at_row = rule.at == in_row || rule.at == row_length;
  if (rule.at == pattern && (rule.pattern.empty() || rule.pattern.size() > 256))
    return "at=pattern needs pattern=TEXT, of 1 to 256 bytes";
  if (rule.at != pattern && !rule.pattern.empty()) return "pattern goes with at=pattern";
  if (rule.at != offset && rule.after != 0) return "after goes with at=bytes";
  if (!at_row && rule.row != 1) return "row goes with at=in_row and at=row_length";
  if (rule.verb == fault_verb::delay && rule.time == duration::zero())
    return "delay needs time=DURATION";
  if (rule.jitter > rule.time) return "jitter is at most time";
  if (rule.verb == fault_verb::bandwidth && rule.rate == 0) return "bandwidth needs rate=SIZE";
  if (rule.verb == fault_verb::slice && rule.size == 0) return "slice needs size=SIZE";
  return std::nullopt;
}

} // namespace chaos

result<fault_rule> parse_fault_rule(std::string_view text) {
  auto line = detail::trim(text);
  auto first = chaos::take_word(line);
  if (!first) return std::move(first).error();
  constexpr auto verbs = detail::enum_names<fault_verb>;
  fault_rule rule;
  if (first->has_value || !detail::parse_value(first->key, rule.verb))
    return chaos::wrong("there is no fault '" + first->key + "'" +
                        detail::did_you_mean(first->key, verbs) + "; a rule begins with " +
                        detail::describe_names(verbs.data(), verbs.size()));
  while (!line.empty()) {
    auto word = chaos::take_word(line);
    if (!word) return std::move(word).error();
    auto taken = chaos::read_key(*word, rule);
    if (!taken) return std::move(taken).error();
  }
  if (auto no = chaos::complaint(rule)) return chaos::wrong(*std::move(no));
  return rule;
}

std::string to_string(const fault_rule& rule) {
  std::string text = detail::show_value(rule.verb);
  for (const auto& k : chaos::keys()) {
    const auto value = k.show(rule);
    if (!value.empty()) text += " " + std::string{k.name} + "=" + value;
  }
  return text;
}

std::string to_string(const fault_record& r) {
  return "connection " + std::to_string(r.connection) + ": " + detail::show_value(r.verb) +
         " (rule " + std::to_string(r.rule) + ") " + detail::show_value(r.direction) +
         " after byte " + std::to_string(r.byte);
}

} // namespace holdfast
