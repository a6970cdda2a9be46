// MySQL's packets, as a client and a server write them.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast::chaos::tests::mysql {

using namespace std::string_literals;

inline std::string little(std::uint64_t n, int size) {
  std::string out;
  for (int i = 0; i < size; ++i) out += static_cast<char>(n >> (8 * i));
  return out;
}
inline std::string packet(const std::string& body, int sequence = 0) {
  return little(body.size(), 3) + static_cast<char>(sequence) + body;
}

constexpr std::uint32_t usual = 0x0000a200; // protocol 4.1, transactions, secure connection
constexpr std::uint32_t deprecate_eof = 0x01000000;

inline std::string greeting() {
  return packet("\x0a"
                "10.11.0-MariaDB\0"s +
                little(7, 4) + "scramble\0"s + little(0xf7fe, 2) + "\x2d\2\0"s + little(0x81ff, 2));
}
inline std::string login(std::uint32_t flags = usual) {
  return packet(
      little(flags, 4) + little(1 << 24, 4) + "\x2d"s + std::string(23, '\0') + "app\0\0"s, 1);
}

inline std::string command(int code, const std::string& rest) {
  return packet(static_cast<char>(code) + rest);
}
inline std::string query(const std::string& sql) { return command(3, sql); }
inline std::string prepare(const std::string& sql) { return command(0x16, sql); }
inline std::string execute(std::uint32_t statement) {
  return command(0x17, little(statement, 4) + "\0\1\0\0\0"s);
}
inline std::string close_statement(std::uint32_t statement) {
  return command(0x19, little(statement, 4));
}

inline std::string ok(std::uint16_t status = 2) {
  return packet("\0\0\0"s + little(status, 2) + "\0\0"s, 1);
}
inline std::string end(std::uint16_t status = 2) {
  return packet("\xfe\0\0"s + little(status, 2), 5);
}
inline std::string failed() { return packet("\xff\x28\x04#42000syntax"s, 1); }
inline std::string column() {
  return packet("\3def\0\0\0\1a\0\x0c\x3f\0\x0b\0\0\0\3\x81\0\0\0\0"s, 2);
}
inline std::string columns(int count) {
  std::string out = packet(std::string(1, static_cast<char>(count)), 1);
  for (int i = 0; i < count; ++i) out += column();
  return out;
}
inline std::string row(const std::string& text) {
  return packet(static_cast<char>(text.size()) + text, 4);
}
inline std::string prepared(std::uint32_t statement, int columns_of, int parameters) {
  std::string out =
      packet("\0"s + little(statement, 4) + little(static_cast<std::uint64_t>(columns_of), 2) +
                 little(static_cast<std::uint64_t>(parameters), 2) + "\0\0\0"s,
             1);
  for (int i = 0; i < parameters; ++i) out += column();
  if (parameters > 0) out += end();
  for (int i = 0; i < columns_of; ++i) out += column();
  if (columns_of > 0) out += end();
  return out;
}

} // namespace holdfast::chaos::tests::mysql
