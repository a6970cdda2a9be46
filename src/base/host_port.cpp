#include "base/host_port.hpp"

#include "base/percent.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace holdfast {
namespace {

error wrong(std::string message) {
  return make_error(errc::invalid_configuration, std::move(message));
}

result<std::optional<std::uint16_t>> parse_port(std::string_view text) {
  const auto port = detail::parse_count(text, 65535);
  if (!port || *port == 0)
    return wrong("a port of the URL is not a number from 1 to 65535 (a ':' inside a user name or "
                 "password is %3A, and an IPv6 address stands in brackets)");
  return std::optional{static_cast<std::uint16_t>(*port)};
}

bool is_ipv6(std::string_view text) {
  const auto known = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
           c == '.';
  };
  const auto of_zone = [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view{"[]%@/,"}.find(c) == std::string_view::npos;
  };
  const auto mark = std::min(text.find('%'), text.size()); // a zone may follow: fe80::1%eth0
  const auto address = text.substr(0, mark);
  const auto zone = text.substr(std::min(mark + 1, text.size()));
  return std::count(address.begin(), address.end(), ':') >= 2 &&
         std::all_of(address.begin(), address.end(), known) &&
         zone.empty() == (mark == text.size()) && std::all_of(zone.begin(), zone.end(), of_zone);
}

host_port parse_socket(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos)
    if (const auto port = parse_port(text.substr(colon + 1)))
      return {std::string{text.substr(0, colon)}, *port};
  return {std::string{text}, std::nullopt};
}

} // namespace

std::string to_string(const host_port& h) {
  const bool brackets = !h.is_socket() && h.host.find(':') != std::string::npos;
  std::string text = brackets ? "[" + h.host + "]" : h.host;
  if (h.port) text += ":" + std::to_string(*h.port);
  return text;
}

namespace detail {

result<host_port> parse_url_host(std::string_view text) {
  host_port host;
  std::string_view name = text;
  std::string_view rest;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const auto close = text.find(']');
    if (close == std::string_view::npos)
      return wrong("an IPv6 address of the URL lacks its closing ']'");
    name = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':')
      return wrong("only a port may follow the ']' of an IPv6 address");
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    name = text.substr(0, colon);
    rest = text.substr(colon);
  }
  const auto decoded = percent_decode(name);
  if (!decoded) return wrong("a host of the URL holds a broken percent-escape");
  if (decoded->empty() && rest.size() > 1)
    return wrong("a host of the URL begins with ':'; an IPv6 address stands in brackets");
  if (decoded->empty()) return wrong("the URL names an empty host");
  if (bracketed && !is_ipv6(*decoded))
    return wrong("what stands in brackets is not an IPv6 address");
  host.host = *decoded;
  if (rest.empty()) return host;
  auto port = parse_port(rest.substr(1));
  if (!port) return std::move(port).error();
  host.port = *port;
  return host;
}

std::optional<host_port> parse_host_port(std::string_view text) {
  if (is_ipv6(text)) return host_port{std::string{text}, std::nullopt};
  if (text.starts_with('/')) return parse_socket(text);
  if (text.find_first_of("@/ ") != std::string_view::npos) return std::nullopt;
  std::string escaped; // '%' is an escape in URLs alone; here it begins an IPv6 zone
  for (const char c : text) escaped += c == '%' ? std::string{"%25"} : std::string{c};
  auto host = parse_url_host(escaped);
  if (!host) return std::nullopt;
  return *std::move(host);
}

} // namespace detail
} // namespace holdfast
