// One "host:port", as URLs and options write it.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/url.hpp>

#include <optional>
#include <string_view>

namespace holdfast::detail {

/// As a URL writes it: percent-escaped, IPv6 in brackets. Messages quote nothing.
[[nodiscard]] result<host_port> parse_url_host(std::string_view text);

/// As an option writes it: also a bare IPv6 address or a socket's folder.
[[nodiscard]] std::optional<host_port> parse_host_port(std::string_view text);

} // namespace holdfast::detail
