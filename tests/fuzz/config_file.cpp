#include "base/config_file.hpp"

#include "fuzz/targets.hpp"

#include <holdfast/config.hpp>

namespace holdfast::fuzz {

namespace {

constexpr std::string_view canary = "c4n4ry-Passw0rd";
const std::string file = "fuzz.toml";

config_sources only(std::string text) {
  return {
      .variable = [](const std::string&) { return std::optional<std::string>{}; },
      .file = [text = std::move(text)](const std::string&) { return result<file_text>{{text}}; },
      .system_user = [] { return std::string{"app"}; }};
}

void read(std::string_view input) {
  const auto read = detail::parse_config_file(input, file);
  if (const auto* bad = std::get_if<violation>(&read)) {
    demand(bad->origin.starts_with(file), "a broken file is not named", to_string(*bad));
    demand(!bad->takes.empty(), "a refusal does not say what it takes", to_string(*bad));
    return;
  }
  for (const auto& e : std::get<std::vector<detail::file_entry>>(read))
    demand(!e.path.empty() && e.origin.starts_with(file), "an entry without a place");
}

void examine(std::string_view input) {
  // The longest key and value that a careless hand puts a password into.
  const std::string text = "[database.a]\nurl = \"postgresql://app:" + std::string{canary} +
                           "@h/x\"\n" + std::string{input};
  const config_report report = examine_config(file, "a", only(text));
  const bool quoted = input.find(canary) != std::string_view::npos;
  for (const violation& v : report.violations) {
    demand(!v.takes.empty(), "a violation does not say what is taken", to_string(v));
    demand(quoted || to_string(v).find(canary) == std::string::npos, "a password is shown",
           to_string(v));
  }
  if (!report.violations.empty()) return;
  for (const setting& s : report.config.settings)
    demand(quoted || s.value.find(canary) == std::string::npos, "a password is shown", s.key);
}

} // namespace

void config_file(std::string_view input) {
  read(input);
  examine(input);
}

std::vector<std::string> config_file_seeds() {
  return {"pool = { max_size = 7, min_size = 2 }\n",
          "pool.max_size = 7\nretry.connect.base_delay = \"200ms\"\nlog.format = \"json\"\n",
          "deadline = \"30s\"\n[env.test.database.a]\npool.min_size = 0\n",
          "[database.b]\nurl = \"sqlite:b.db\"\n[database.b.sqlite]\njournal_mode = \"wal\"\n",
          "hosts = [\"db1:5432\", \"db2\"]\n",
          "pool.max_size = 0\npool.mx_size = 3\n",
          "x = 1979-05-27T07:32:00Z\ny = [[1],[\"a\"]]\nz = inf\n",
          "a = \"\\u00e9\\n\" # note\n[[t]]\n[[t]]\n",
          "credentials = { password_env = \"PGPW\", user = \"app\" }\n"};
}

} // namespace holdfast::fuzz
