#include "base/percent.hpp"
#include "fuzz/targets.hpp"

#include <holdfast/config.hpp>
#include <holdfast/url.hpp>

namespace holdfast::fuzz {

namespace {

constexpr std::string_view canary = "c4n4ry-Passw0rd";

std::string escaped(std::string_view text) { return detail::percent_encode(text); }

/// Written as the grammar says, everything escaped.
std::string write(const url& u) {
  if (u.scheme == "sqlite" || u.scheme == "sqlite3") return ""; // its path has a grammar of its own
  std::string text = u.scheme + "://";
  if (!u.user.empty() || !u.password.empty()) text += escaped(u.user);
  if (!u.password.empty()) text += ":" + escaped(u.password.reveal());
  if (!u.user.empty() || !u.password.empty()) text += "@";
  for (std::size_t i = 0; i < u.hosts.size(); ++i) {
    const host_port& h = u.hosts[i];
    if (i > 0) text += ",";
    text += h.host.find(':') != std::string::npos ? "[" + detail::percent_encode(h.host, ":") + "]"
                                                  : escaped(h.host);
    if (h.port) text += ":" + std::to_string(*h.port);
  }
  if (!u.path.empty()) text += "/" + escaped(u.path);
  char mark = '?';
  for (const auto& [key, value] : u.parameters) {
    text += mark + escaped(key) + "=" + escaped(value.reveal());
    mark = '&';
  }
  return text;
}

void same(const url& a, const url& b, std::string_view text) {
  demand(a.scheme == b.scheme && a.user == b.user && a.hosts == b.hosts && a.path == b.path &&
             a.password.reveal() == b.password.reveal(),
         "a URL that was written anew reads differently", text);
  demand(a.parameters.size() == b.parameters.size(), "parameters are lost", text);
  for (std::size_t i = 0; i < a.parameters.size(); ++i)
    demand(a.parameters[i].first == b.parameters[i].first &&
               a.parameters[i].second.reveal() == b.parameters[i].second.reveal(),
           "a parameter reads differently", text);
}

void read_and_write(std::string_view input) {
  const auto read = parse_url(input);
  if (!read) {
    demand(read.error().code == errc::invalid_configuration && !read.error().message.empty(),
           "a URL is refused without a reason");
    return;
  }
  const std::string text = write(*read);
  if (text.empty()) return;
  const auto again = parse_url(text);
  demand(again.has_value(), "a URL that was written anew is refused", text);
  same(*read, *again, text);
}

/// Whatever stands around it, no word of a password comes out.
void keep_the_secret(std::string_view input) {
  const std::string text = "postgresql://app:" + std::string{canary} + "@" + std::string{input};
  const config_sources nothing{
      .variable = [](const std::string&) { return std::optional<std::string>{}; },
      .file = [](const std::string&) -> result<file_text> {
        return make_error(errc::invalid_configuration, "no such file");
      },
      .system_user = [] { return std::string{"app"}; }};
  const config_report report = examine_url(text, {}, nothing);
  const bool quoted = input.find(canary) != std::string_view::npos;
  if (quoted) return;
  for (const violation& v : report.violations)
    demand(to_string(v).find(canary) == std::string::npos, "a password is shown", to_string(v));
  for (const setting& s : report.config.settings)
    demand(s.value.find(canary) == std::string::npos, "a password is shown", s.key);
}

} // namespace

void url_text(std::string_view input) {
  read_and_write(input);
  keep_the_secret(input);
}

std::vector<std::string> url_seeds() {
  return {"postgresql://app:p%40ss@db1:5432,[::1]:5433,%2Frun%2Fpg/"
          "shop?pool.max_size=7&tls.mode=disable",
          "postgres://localhost",
          "sqlite:shop.db",
          "sqlite:///var/lib/shop.db?journal_mode=wal",
          "sqlite::memory:",
          "mysql://root@h/x",
          "redis://:secret@h:6379/0",
          "postgresql:///shop",
          "postgresql://u@[fe80::1%25eth0]/x?retry.connect.max_retries=unlimited",
          "://",
          "x:",
          "a@b",
          "postgresql://a:b@h:0/x?deadline=200ms&pool.max_size=",
          "db/x?sslmode=require&pool.min_size=3"};
}

} // namespace holdfast::fuzz
