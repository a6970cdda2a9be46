// PostgreSQL's messages, as a client and a server write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::chaos::tests {

using namespace std::string_literals;

inline std::string number(std::uint32_t n) {
  return {static_cast<char>(n >> 24U), static_cast<char>(n >> 16U), static_cast<char>(n >> 8U),
          static_cast<char>(n)};
}
inline std::string packet(std::uint32_t code, const std::string& rest) {
  return number(static_cast<std::uint32_t>(8 + rest.size())) + number(code) + rest;
}
inline std::string message_of(char type, const std::string& body) {
  return type + number(static_cast<std::uint32_t>(4 + body.size())) + body;
}
inline std::string startup() { return packet(196608, "user\0me\0\0"s); }
inline std::string query(const std::string& sql) { return message_of('Q', sql + '\0'); }
inline std::string parse(const std::string& name, const std::string& sql) {
  return message_of('P', name + '\0' + sql + "\0\0\0"s);
}
inline std::string bind(const std::string& portal, const std::string& name) {
  return message_of('B', portal + '\0' + name + "\0\0\0\0\0\0\0"s);
}
inline std::string execute(const std::string& portal) {
  return message_of('E', portal + "\0\0\0\0\0"s);
}
inline std::string sync() { return message_of('S', ""); }
inline std::string row(std::size_t size) {
  return message_of('D',
                    "\0\1"s + number(static_cast<std::uint32_t>(size)) + std::string(size, 'v'));
}
inline std::string complete() { return message_of('C', "SELECT 1\0"s); }
inline std::string ready() { return message_of('Z', "I"); }

} // namespace holdfast::chaos::tests
