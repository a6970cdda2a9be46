// The server's half of mysql_messages: what a packet is depends on the command that it answers.
#include "chaos/mysql_bytes.hpp"
#include "chaos/mysql_messages.hpp"

namespace holdfast::chaos {
namespace {

constexpr std::uint16_t more_results = 0x0008;
constexpr std::uint16_t cursor_exists = 0x0040;

/// A number whose first byte tells its size, and how many bytes it takes.
struct counted {
  std::uint64_t number;
  std::size_t size;
};
counted read_counted(std::string_view text, std::size_t from) noexcept {
  switch (byte_at(text, from)) {
  case 0xfc: return {little_endian(text, from + 1, 2), 3};
  case 0xfd: return {little_endian(text, from + 1, 3), 4};
  case 0xfe: return {little_endian(text, from + 1, 8), 9};
  default: return {byte_at(text, from), 1};
  }
}

/// The server's status in an OK packet, also in the one that has the head of an EOF.
std::uint16_t status_of_ok(std::string_view body) noexcept {
  std::size_t from = 1;
  for (int skipped = 0; skipped < 2; ++skipped) from += read_counted(body, from).size;
  return static_cast<std::uint16_t>(little_endian(body, from, 2));
}

bool is_error(std::string_view body) noexcept { return byte_at(body, 0) == 0xff; }
/// MariaDB tells how far a long statement is by errors of number 65535.
bool is_progress(std::string_view body) noexcept {
  return is_error(body) && little_endian(body, 1, 2) == 0xffff;
}

} // namespace

void mysql_messages::answer(const packet& p, std::vector<sighting>& found) {
  if (replies_.empty()) {
    // Unasked it says only why it ends the connection.
    if (!is_error(p.body)) phase_ = phase::opaque;
    return;
  }
  if (is_progress(p.body)) return;
  switch (at_) {
  case place::first: return first_of(p, found);
  case place::parameters:
  case place::columns: return definition(p);
  case place::rows: return row_or_end(p, found);
  }
}

void mysql_messages::first_of(const packet& p, std::vector<sighting>& found) {
  const auto what = replies_.front().what;
  const auto first = byte_at(p.body, 0);
  if (what == reply::rows) {
    at_ = place::rows;
    return row_or_end(p, found);
  }
  if (is_error(p.body) || what == reply::status) return end_of_result(false);
  if (what == reply::prepared) return prepared(p);
  row_ = 0;
  if (first == 0x00) return end_of_result((status_of_ok(p.body) & more_results) != 0);
  if (first == 0xfb || p.body.empty()) { // a file is asked for
    phase_ = phase::opaque;
    return;
  }
  const auto columns = read_counted(p.body, 0);
  // MariaDB leaves out what it told before, and says so behind the count.
  const bool left_out = p.size > columns.size && byte_at(p.body, columns.size) == 0;
  at_ = place::columns;
  definitions_ = left_out ? 0 : columns.number;
  if (definitions_ == 0 && deprecate_eof_) end_of_part(nullptr);
}

void mysql_messages::prepared(const packet& p) {
  const auto number = static_cast<std::uint32_t>(little_endian(p.body, 1, 4));
  if (replies_.front().commits && commit_statements_.size() < most_remembered)
    commit_statements_.insert(number);
  columns_ = little_endian(p.body, 5, 2);
  definitions_ = little_endian(p.body, 7, 2);
  at_ = place::parameters;
  if (definitions_ == 0) end_of_part(nullptr);
}

/// A parameter, a column, or the EOF behind them.
void mysql_messages::definition(const packet& p) {
  if (is_error(p.body)) return end_of_result(false);
  if (definitions_ > 0) {
    --definitions_;
    if (definitions_ == 0 && deprecate_eof_) end_of_part(nullptr);
    return;
  }
  if (is_end(p)) return end_of_part(&p);
  phase_ = phase::opaque;
}

/// Parameters are followed by columns, columns by rows where it is no preparation.
void mysql_messages::end_of_part(const packet* terminator) {
  const bool preparing = replies_.front().what == reply::prepared;
  if (at_ == place::parameters && columns_ > 0) {
    at_ = place::columns;
    definitions_ = columns_;
    return;
  }
  if (preparing) return end_of_result(false);
  const auto status = terminator ? little_endian(terminator->body, 3, 2) : 0;
  if ((status & cursor_exists) != 0) return end_of_result(false); // rows are fetched
  at_ = place::rows;
}

void mysql_messages::row_or_end(const packet& p, std::vector<sighting>& found) {
  if (is_error(p.body)) return end_of_result(false);
  if (is_end(p)) {
    const auto status = deprecate_eof_ ? status_of_ok(p.body) : little_endian(p.body, 3, 2);
    return end_of_result((status & more_results) != 0);
  }
  found.push_back({message::row, p.begin, p.begin + packet_header + p.size, ++row_, p.begin + 2,
                   p.begin + packet_header});
}

void mysql_messages::end_of_result(bool more) {
  at_ = place::first;
  if (!more) replies_.pop_front();
}

/// Its first byte may begin a row as well, that of a text of 16 MiB.
bool mysql_messages::is_end(const packet& p) const noexcept {
  return byte_at(p.body, 0) == 0xfe && p.size < (deprecate_eof_ ? full_packet : 9);
}

} // namespace holdfast::chaos
