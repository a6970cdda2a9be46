// What the proxy needs to know of PostgreSQL's protocol 3: where messages begin and end, which of
// them makes the server commit, which is a row. It has no other duty, and what it does not
// understand it lets through unread ("opaque"), TLS included.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
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
  std::uint32_t row = 0; ///< of its result, from 1
};

/// Both sides of one connection. Pure: no socket, no clock.
class postgres_messages {
public:
  /// Reads on. A COMMIT is a simple query whose first word is COMMIT or END, or the execution of a
  /// portal of such a statement.
  void read(side who, std::string_view bytes, std::vector<sighting>& found);

  /// How many of the last bytes belong to a message of which it is not known what it is. Who acts
  /// before a message must hold them back.
  [[nodiscard]] std::size_t undecided(side who) const noexcept;
  [[nodiscard]] bool opaque() const noexcept { return phase_ == phase::opaque; }

private:
  enum class phase : std::uint8_t { startup, messages, opaque };
  struct stream {
    std::uint64_t position = 0; ///< of the next byte
    std::uint64_t begin = 0;    ///< of the present message
    std::uint64_t left = 0;     ///< of the present message, once it is decided
    std::size_t want = 0;       ///< bytes of `head` that the next decision needs
    std::string head;           ///< the undecided beginning
  };

  void startup(stream& s, std::string_view& bytes, std::vector<sighting>& found);
  void answer_to_startup(std::string_view& bytes);
  void step(side who, stream& s, std::string_view& bytes, std::vector<sighting>& found);
  bool begin_message(side who, stream& s);
  void decide(side who, const stream& s, std::uint64_t end, std::vector<sighting>& found);
  void client_message(const stream& s, std::uint64_t end, std::vector<sighting>& found);
  void server_message(const stream& s, std::uint64_t end, std::vector<sighting>& found);
  void remember(std::set<std::string>& names, const std::string& name, bool commits);

  phase phase_ = phase::startup;
  std::array<stream, 2> streams_{};
  unsigned encryption_asked_ = 0;           ///< requests that the server has not answered
  std::set<std::string> commit_statements_; ///< prepared statements that commit
  std::set<std::string> commit_portals_;
  std::uint32_t row_ = 0;
};

} // namespace holdfast::chaos
