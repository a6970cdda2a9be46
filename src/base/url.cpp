#include "base/host_port.hpp"
#include "base/percent.hpp"
#include "base/text.hpp"

#include <holdfast/url.hpp>

#include <algorithm>
#include <array>

// No message here quotes user name, password, port or query: where a reserved character was left
// bare, any of them may hold a part of the password.

namespace holdfast {
namespace {

using detail::percent_decode;
using detail::percent_encode;

error wrong(std::string message) {
  return make_error(errc::invalid_configuration, std::move(message));
}

constexpr bool scheme_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

result<std::string_view> split_scheme(std::string_view text, url& out) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos)
    return wrong("the URL has no scheme; it begins like postgresql:// or sqlite:");
  out.scheme = detail::lower(text.substr(0, colon));
  if (!std::all_of(out.scheme.begin(), out.scheme.end(), scheme_character))
    return wrong("the URL has no scheme; it begins like postgresql:// or sqlite:");
  return text.substr(colon + 1);
}

result<void> check_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c <= 0x20 || c == 0x7F)
      return wrong("the URL holds a space or control character at position " +
                   std::to_string(i + 1) + "; write it percent-encoded (a space is %20)");
    if (c == '#')
      return wrong("the URL holds '#' at position " + std::to_string(i + 1) + "; write it as %23");
  }
  return {};
}

result<void> parse_userinfo(std::string_view text, url& out) {
  if (text.find('@') != std::string_view::npos)
    return wrong("the user name or password holds a bare '@'; write it as %40");
  const auto colon = text.find(':');
  const auto user = percent_decode(text.substr(0, colon));
  if (!user) return wrong("the user name holds a broken percent-escape; '%' itself is %25");
  out.user = *user;
  if (colon == std::string_view::npos) return {};
  auto password = percent_decode(text.substr(colon + 1));
  if (!password) return wrong("the password holds a broken percent-escape; '%' itself is %25");
  out.password = secret{*password};
  detail::wipe(*password);
  return {};
}

result<void> parse_authority(std::string_view text, url& out) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    if (auto done = parse_userinfo(text.substr(0, at), out); !done) return done;
    text = text.substr(at + 1);
  }
  if (text.empty()) return {};
  for (const auto part : detail::split(text, ',')) {
    auto host = detail::parse_url_host(part);
    if (!host) return std::move(host).error();
    out.hosts.push_back(*std::move(host));
  }
  return {};
}

result<void> parse_query(std::string_view text, url& out) {
  if (text.empty()) return {};
  for (const auto part : detail::split(text, '&')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return wrong("a parameter of the URL is not of the form name=value");
    const auto name = percent_decode(part.substr(0, equals));
    auto value = percent_decode(part.substr(equals + 1));
    if (!name || !value)
      return wrong("a parameter of the URL holds a broken percent-escape; '%' itself is %25");
    const auto same = [&](const auto& p) { return p.first == *name; };
    if (std::any_of(out.parameters.begin(), out.parameters.end(), same))
      return wrong("a parameter stands twice in the URL");
    out.parameters.emplace_back(*name, secret{*value});
    detail::wipe(*value);
  }
  return {};
}

result<void> parse_path(std::string_view text, url& out) {
  auto path = percent_decode(text);
  if (!path) return wrong("the path of the URL holds a broken percent-escape; '%' itself is %25");
  out.path = *std::move(path);
  return {};
}

result<void> parse_sqlite(std::string_view text, url& out) {
  if (text.starts_with("//")) {
    if (!text.starts_with("///"))
      return wrong("an SQLite URL names no host: write sqlite:relative/file or "
                   "sqlite:///absolute/file");
    text.remove_prefix(2);
  }
  return parse_path(text, out);
}

result<void> parse_network(std::string_view text, url& out) {
  if (!text.starts_with("//"))
    return wrong("after the scheme the URL goes on with '//', as " + out.scheme +
                 "://user@host/database");
  text.remove_prefix(2);
  const auto slash = std::min(text.find('/'), text.size());
  auto path = text.substr(slash);
  if (path.find('@') != std::string_view::npos)
    return wrong("the user name or password holds a bare '/' or '@'; write them as %2F and %40");
  if (auto done = parse_authority(text.substr(0, slash), out); !done) return done;
  if (!path.empty()) path.remove_prefix(1);
  if (path.find('/') != std::string_view::npos)
    return wrong("the database's name holds a bare '/'; write it as %2F");
  return parse_path(path, out);
}

} // namespace

result<url> parse_url(std::string_view text) {
  url out;
  if (auto clean = check_characters(text); !clean) return std::move(clean).error();
  auto rest = split_scheme(text, out);
  if (!rest) return std::move(rest).error();
  const auto question = std::min(rest->find('?'), rest->size());
  const auto query = rest->substr(std::min(question + 1, rest->size()));
  if (query.find('@') != std::string_view::npos)
    return wrong("an '@' stands behind the URL's '?'; inside a user name or password '?' is %3F, "
                 "inside a parameter '@' is %40");
  const auto front = rest->substr(0, question);
  auto done = out.scheme == "sqlite" ? parse_sqlite(front, out) : parse_network(front, out);
  if (done) done = parse_query(query, out);
  if (!done) return std::move(done).error();
  return out;
}

std::string to_string(const url& u) {
  if (u.scheme == "sqlite")
    return (u.path.starts_with('/') ? "sqlite://" : "sqlite:") + percent_encode(u.path, "/:");
  std::string text = u.scheme + "://" + percent_encode(u.user);
  if (!u.password.empty()) text += ":***";
  if (!u.user.empty() || !u.password.empty()) text += '@';
  std::string_view separator;
  for (auto host : u.hosts) {
    host.host = percent_encode(host.host, ":");
    text.append(separator).append(to_string(host));
    separator = ",";
  }
  if (!u.path.empty()) text += "/" + percent_encode(u.path);
  return text;
}

} // namespace holdfast
