// What the proxy needs of the protocol of MySQL and MariaDB: see messages.hpp. Unlike PostgreSQL's
// a reply says what it is only to who knows the command it answers, so that commands are
// remembered.
#pragma once

#include "chaos/messages.hpp"

#include <array>
#include <deque>
#include <set>
#include <string>

namespace holdfast::chaos {

/// A COMMIT is a COM_QUERY whose first word is COMMIT, or the execution of such a prepared
/// statement; a cancel is a KILL. Compression and TLS are opaque.
class mysql_messages final : public message_reader {
public:
  void read(side who, std::string_view bytes, std::vector<sighting>& found) override;
  [[nodiscard]] std::size_t undecided(side who) const noexcept override;
  [[nodiscard]] bool opaque() const noexcept override { return phase_ == phase::opaque; }

  /// What comes back for a command.
  enum class reply : std::uint8_t {
    none,
    status,   ///< one packet: OK, ERR or EOF
    result,   ///< OK, ERR, or columns and rows; perhaps several
    prepared, ///< parameters and columns
    rows,     ///< of a cursor
    login,    ///< a conversation, until OK or ERR
    unknown,  ///< from here on nothing is understood
  };

private:
  enum class phase : std::uint8_t { greeting, login, authentication, commands, opaque };
  enum class place : std::uint8_t { first, parameters, columns, rows }; ///< within a reply
  struct stream {
    std::uint64_t position = 0; ///< of the next byte
    std::uint64_t begin = 0;    ///< of the present packet
    std::uint64_t left = 0;     ///< of the present packet, once it is decided
    bool continues = false;     ///< the next packet is more of this one
    std::string head;           ///< the undecided beginning
  };
  struct expected {
    reply what{};
    bool commits = false; ///< of a statement that is being prepared
  };
  struct packet {
    std::string_view body; ///< its beginning
    std::uint64_t size = 0;
    std::uint64_t begin = 0;
  };

  void step(side who, stream& s, std::string_view& bytes, std::vector<sighting>& found);
  void decide(side who, const packet& p, std::vector<sighting>& found);
  void client_packet(const packet& p, std::vector<sighting>& found);
  void server_packet(const packet& p, std::vector<sighting>& found);
  void log_in(const packet& p);
  void command(const packet& p, std::vector<sighting>& found);
  [[nodiscard]] bool commits(const packet& p) const;
  void answer(const packet& p, std::vector<sighting>& found);
  void first_of(const packet& p, std::vector<sighting>& found);
  void prepared(const packet& p);
  void definition(const packet& p);
  void row_or_end(const packet& p, std::vector<sighting>& found);
  void end_of_part(const packet* terminator);
  void end_of_result(bool more);
  [[nodiscard]] bool is_end(const packet& p) const noexcept;

  phase phase_ = phase::greeting;
  std::array<stream, 2> streams_{};
  bool deprecate_eof_ = false;
  std::deque<expected> replies_; ///< of the commands that are not answered yet
  place at_ = place::first;
  std::uint64_t definitions_ = 0;             ///< still to come in this part
  std::uint64_t columns_ = 0;                 ///< of what is being prepared
  std::set<std::uint32_t> commit_statements_; ///< prepared statements that commit
  bool last_commits_ = false;                 ///< the last one that was prepared does
  std::uint32_t row_ = 0;
};

} // namespace holdfast::chaos
