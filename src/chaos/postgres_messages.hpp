// What the proxy needs of PostgreSQL's protocol 3: see messages.hpp.
#pragma once

#include "chaos/messages.hpp"

#include <array>
#include <set>
#include <string>

namespace holdfast::chaos {

/// A COMMIT is a simple query whose first word is COMMIT or END, or the execution of a portal of
/// such a statement.
class postgres_messages final : public message_reader {
public:
  void read(side who, std::string_view bytes, std::vector<sighting>& found) override;
  [[nodiscard]] std::size_t undecided(side who) const noexcept override;
  [[nodiscard]] bool opaque() const noexcept override { return phase_ == phase::opaque; }

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
