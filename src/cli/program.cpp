#include "cli/program.hpp"

#include "cli/json.hpp"
#include "cli/parser.hpp"
#include "cli/target.hpp"

#include <holdfast/exceptions.hpp>

#include <fmt/format.h>

namespace holdfast::cli {

namespace {

int print(const parsed_line& line) {
  std::string text = line.text;
  while (text.ends_with('\n')) text.pop_back();
  line.code == exit_ok ? line.out.data(text) : line.out.complain(text);
  return line.code;
}

int complain_of(const bad_configuration& e, const console& out) {
  std::vector<json_object> rows;
  for (const auto& v : e.found()) {
    out.complain("holdfast: " + to_string(v));
    json_object row;
    row.add("key", v.key).add("origin", v.origin).add("given", v.given).add("takes", v.takes);
    rows.push_back(row);
  }
  if (out.json) {
    json_object all;
    all.add("ok", false).add("violations", rows);
    out.data(all.text());
  }
  return exit_usage;
}

int complain_of(const database_error& e, const console& out) {
  out.complain(fmt::format("holdfast: {}", e.what()));
  if (out.json) {
    json_object all;
    all.add("ok", false).add("error", to_string(e.code())).add("message", e.what());
    out.data(all.text());
  }
  return e.kind() == category::configuration ? exit_usage : exit_failed;
}

int run(const parsed_line& line) {
  try {
    return line.what->run(line.out);
  } catch (const bad_configuration& e) {
    return complain_of(e, line.out);
  } catch (const database_error& e) {
    return complain_of(e, line.out);
  }
}

} // namespace

int run_program(int argc, char** argv) {
  const console out;
  std::string asked;
  try {
    const parsed_line line = parse({argv + 1, argv + argc}, asked);
    return line.what ? run(line) : print(line);
  } catch (const usage_error& e) {
    const std::string who = asked.empty() ? "holdfast" : "holdfast " + asked;
    out.complain(fmt::format("{}: {}\nTry '{} --help'.", who, e.what(), who));
    return exit_usage;
  } catch (const std::exception& e) {
    out.complain(fmt::format("holdfast: {}", e.what()));
    return exit_failed;
  }
}

} // namespace holdfast::cli
