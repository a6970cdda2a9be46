#include "fuzz/targets.hpp"

#include <holdfast/config.hpp>

namespace holdfast::fuzz {

namespace {

constexpr std::string_view canary = "c4n4ry-Passw0rd";

} // namespace

void service_file(std::string_view input) {
  const std::string text = "[shop]\npassword=" + std::string{canary} + "\n" + std::string{input};
  const config_sources from{
      .variable = [](const std::string& name) -> std::optional<std::string> {
        if (name == "PGSERVICE") return "shop";
        if (name == "PGSERVICEFILE") return "/pg_service.conf";
        return std::nullopt;
      },
      .file = [&text](const std::string&) { return result<file_text>{{text}}; },
      .system_user = [] { return std::string{"app"}; }};
  const config_report report = examine_url("postgresql://", {}, from);
  const bool quoted = input.find(canary) != std::string_view::npos;
  for (const violation& v : report.violations) {
    demand(!v.takes.empty() && !v.origin.empty(), "a violation without a place", to_string(v));
    demand(quoted || to_string(v).find(canary) == std::string::npos, "a password is shown",
           to_string(v));
  }
}

std::vector<std::string> service_file_seeds() {
  return {"host=db1\nport=5432\ndbname=shop\nuser=app\n",
          "# note\n\n[other]\nhost=x\n[shop]\nhost=y\n",
          "host=a,b\nport=1,2\nsslmode=require\n",
          "service=shop\n",
          "host\n",
          "port=0\nconnect_timeout=x\n",
          "hostaddr=10.0.0.1\noptions=-c search_path=shop\n",
          " host = db1 \n[shop"};
}

} // namespace holdfast::fuzz
