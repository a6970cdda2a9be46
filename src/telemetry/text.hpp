// What stands between strings of unknown origin and a log line or a metric label.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::detail {

/// Appends `text` as the inside of a JSON string; a quoted logfmt value follows the same rules.
/// Pure ASCII controls, DEL, C1 controls, line separators and bidirectional overrides (a terminal
/// obeys them) become escapes, invalid UTF-8 becomes U+FFFD, one for each bad byte. What exceeds
/// `limit` bytes is cut between two characters and ends in "…".
void append_escaped(std::string& out, std::string_view text, std::size_t limit);

/// `text` with each byte that is not valid UTF-8, and each ASCII control, replaced by U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` without passwords: those of URLs (`scheme://user:***@host`) and those of pairs
/// (`password=***`, also passwd, pwd, secret, token and keys that end in one of them). A second
/// line of defence: our own messages hold none. Masks rather too much than too little.
[[nodiscard]] std::string redact(std::string_view text);

} // namespace holdfast::detail
