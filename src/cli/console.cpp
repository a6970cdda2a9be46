#include "cli/console.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>

namespace holdfast::cli {

namespace {

void write_line(std::FILE* stream, std::string_view line) {
  std::string text{line};
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

} // namespace

void console::data(std::string_view line) const { write_line(stdout, line); }

void console::say(std::string_view line) const {
  if (!quiet) write_line(stderr, line);
}

void console::complain(std::string_view line) const { write_line(stderr, line); }

bool is_screen(std::FILE* stream) {
  const char* terminal = std::getenv("TERM");
  const bool able = terminal != nullptr && std::string_view{terminal} != "dumb";
  return able && ::isatty(::fileno(stream)) == 1;
}

bool wants_color(std::FILE* stream) {
  const char* unwanted = std::getenv("NO_COLOR");
  return is_screen(stream) && (unwanted == nullptr || *unwanted == '\0');
}

} // namespace holdfast::cli
