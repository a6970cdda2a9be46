// What the proxy needs to know of a protocol: where messages begin and end, which of them makes the
// server commit, which is a row. One reader a protocol; what it does not understand it lets through
// unread ("opaque"), TLS included.
#pragma once

#include <holdfast/fault_proxy.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace holdfast::chaos {

enum class side : std::uint8_t { client, server }; ///< who speaks

[[nodiscard]] constexpr std::size_t index(side who) noexcept {
  return static_cast<std::size_t>(who);
}

enum class message : std::uint8_t { commit, row, cancel };

/// A message, found as soon as its beginning is known. Offsets count its side's bytes.
struct sighting {
  message what{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t row = 0;       ///< of its result, from 1
  std::uint64_t length_at = 0; ///< the byte of its length that counts most
  std::uint64_t body_at = 0;   ///< behind its header
};

/// Both sides of one connection. Pure: no socket, no clock.
class message_reader {
public:
  virtual ~message_reader() = default;

  /// Reads on.
  virtual void read(side who, std::string_view bytes, std::vector<sighting>& found) = 0;
  /// How many of the last bytes belong to a message of which it is not known what it is. Who acts
  /// before a message must hold them back. None while it is not sure that this is the protocol.
  [[nodiscard]] virtual std::size_t undecided(side who) const noexcept = 0;
  [[nodiscard]] virtual bool opaque() const noexcept = 0;
};

[[nodiscard]] std::unique_ptr<message_reader> make_reader(fault_protocol protocol);

/// Is the first word of a text, up to its end or a NUL, one of these (in lower case)?
[[nodiscard]] bool begins_with_word(std::string_view sql,
                                    std::initializer_list<std::string_view> words);

} // namespace holdfast::chaos
