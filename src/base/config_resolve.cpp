// From assignments to a configuration: choose the URL, the service and the preset, then apply all
// in the order of their layers.
#include "base/config_draft.hpp"
#include "base/suggest.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace holdfast::detail {
namespace {

constexpr std::array<std::string_view, 3> password_sources{"password", "password_env",
                                                           "password_file"};

class resolver {
public:
  resolver(draft from, const database_options& code, const config_sources& sources)
      : draft_{std::move(from)}, code_{code}, sources_{sources} {
    for (const auto& row : option_table()) said_by_.push_back({&row, "default"});
  }

  config_report run() {
    choose_url();
    const auto& scheme = config_.target.scheme;
    if (is_postgres(scheme)) add_libpq();
    add_preset();
    std::stable_sort(draft_.assignments.begin(), draft_.assignments.end(),
                     [](const auto& a, const auto& b) { return a.from < b.from; });
    for (const auto& each : draft_.assignments) apply(each);
    apply_code();
    complete();
    refuse_host_address();
    reject_variables();
    validate();
    return report();
  }

private:
  struct source {
    const option* what;
    std::string origin;
    layer from = layer::standard;
  };

  source& source_of(std::string_view key) {
    return *std::find_if(said_by_.begin(), said_by_.end(),
                         [&](const source& s) { return s.what->key == key; });
  }

  void fail(std::string key, std::string origin, std::string given, std::string takes) {
    draft_.violations.push_back(
        {std::move(key), std::move(origin), std::move(given), std::move(takes)});
  }

  // --- the URL ---

  // All are read, so that every fault shows; the strongest one counts.
  void choose_url() {
    std::stable_sort(draft_.urls.begin(), draft_.urls.end(),
                     [](const auto& a, const auto& b) { return a.from < b.from; });
    std::optional<url> best;
    const written_url* from = nullptr;
    for (const auto& each : draft_.urls) {
      auto parsed = read_url(each);
      if (each.from == layer::standard) continue; // of an environment that is not chosen
      best = std::move(parsed);
      from = &each;
    }
    if (from == nullptr && draft_.violations.empty())
      fail("url", "", "none", "a URL, as postgresql://user@host/database or sqlite:file");
    if (!best) return;
    config_.target.scheme = best->scheme;
    add_url(*best, *from);
  }

  std::optional<url> read_url(const written_url& from) {
    const std::string origin = from.origin.empty() ? "URL" : from.origin;
    auto parsed = parse_url(from.text.reveal());
    if (!parsed) {
      fail("url", origin, "a URL that cannot be read", "a correction: " + parsed.error().message);
      return std::nullopt;
    }
    const auto schemes = known_schemes();
    if (std::find(schemes.begin(), schemes.end(), parsed->scheme) == schemes.end()) {
      fail("url", origin, "the scheme \"" + shown(parsed->scheme) + "\"",
           "a scheme that the library knows, as postgresql or sqlite" +
               did_you_mean(parsed->scheme, schemes));
      return std::nullopt;
    }
    return *std::move(parsed);
  }

  void add(std::string_view key, std::string_view text, std::string origin, layer from) {
    if (text.empty()) return;
    draft_.assignments.push_back(
        {find_option(key), secret{text}, std::move(origin), from, unit::none, false});
  }

  void add_url(const url& u, const written_url& from) {
    const std::string origin = from.origin.empty() ? "URL" : "URL, " + from.origin;
    add("host", show_value(u.hosts), origin, from.from);
    add("user", u.user, origin, from.from);
    add("password", u.password.reveal(), origin, from.from);
    add("database", u.path, origin, from.from);
    bool after_password = false;
    for (const auto& [name, value] : u.parameters) {
      if (after_password && !names_option(name))
        fail("url", origin, "an unknown parameter behind the password",
             "known parameters; an '&' inside a password is %26");
      else
        add_parameter(name, value, from);
      after_password = after_password || detail::lower(name).starts_with("pa");
    }
  }

  static bool names_option(std::string_view name) {
    const auto aliases = option_aliases();
    return find_option(name) != nullptr ||
           std::any_of(aliases.begin(), aliases.end(), [&](const alias& other) {
             return other.what == alias::kind::parameter && other.name == name;
           });
  }

  void add_parameter(const std::string& name, const secret& value, const written_url& from) {
    const std::string place =
        "URL parameter " + shown(name) + (from.origin.empty() ? "" : ", " + from.origin);
    unit reads{};
    const auto* what = expect_option(name, place, reads, true, draft_);
    if (what == nullptr) return;
    if (says_twice(*what, from.from))
      fail(what->key, place, shown(*what, value.reveal()), "a value once in a URL");
    else
      draft_.assignments.push_back({what, value, place, from.from, reads, false});
  }

  bool says_twice(const option& what, layer from) const {
    return std::any_of(draft_.assignments.begin(), draft_.assignments.end(), [&](const auto& a) {
      return a.what == &what && a.from == from && a.origin.starts_with("URL");
    });
  }

  // --- what hangs on other options ---

  const assignment* strongest(std::string_view key) const {
    const assignment* best = nullptr;
    for (const auto& each : draft_.assignments)
      if (each.what->key == key && (best == nullptr || each.from >= best->from)) best = &each;
    return best;
  }

  void add_libpq() {
    collect_libpq_variables(sources_, draft_);
    const auto* service = strongest("service");
    if (service == nullptr) return;
    const std::string name{service->text.reveal()};
    const std::string origin = service->origin;
    collect_service(name, origin, sources_, draft_);
  }

  void add_preset() {
    database_config chosen;
    chosen.options.preset = code_.preset;
    const auto* said = strongest("preset");
    if (code_.preset == preset::standard && said != nullptr)
      (void)said->what->read(chosen, said->text.reveal()); // a fault shows when it is applied
    const std::string origin = "preset " + show_value(chosen.options.preset);
    for (const auto& each : preset_values(chosen.options.preset))
      add(each.key, each.text, origin, layer::preset);
  }

  // --- applying ---

  void apply(const assignment& a) {
    if (!applies(*a.what, config_.target.scheme)) {
      if (!a.shared && a.from != layer::preset)
        fail(a.what->key, a.origin, shown(*a.what, a.text.reveal()),
             "a place at another engine: databases of " + config_.target.scheme +
                 " have no such option");
      return;
    }
    if (!read_option(*a.what, a.reads, a.text.reveal(), config_)) {
      fail(a.what->key, a.origin, shown(*a.what, a.text.reveal()), takes_of(a));
      return;
    }
    displace_passwords(*a.what, a.from);
    auto& said = source_of(a.what->key);
    said.origin = a.origin;
    said.from = a.from;
  }

  static std::string takes_of(const assignment& a) {
    if (a.reads == unit::seconds) return "seconds, as 5 or 0.5";
    return a.what->takes;
  }

  // A stronger place for the password replaces a weaker one, whichever kind they are.
  void displace_passwords(const option& said, layer from) {
    const auto& kinds = password_sources;
    if (std::find(kinds.begin(), kinds.end(), said.key) == kinds.end()) return;
    for (const auto key : kinds) {
      auto& other = source_of(key);
      if (other.what == &said || other.from >= from) continue;
      other.what->copy(database_config{}, config_);
      other.origin = "default";
      other.from = layer::standard;
    }
  }

  void apply_code() {
    const database_config standard;
    database_config given;
    given.options = code_;
    for (auto& each : said_by_) {
      if (each.what->same(given, standard)) continue;
      each.what->copy(given, config_);
      displace_passwords(*each.what, layer::code);
      each.origin = "code";
      each.from = layer::code;
    }
    config_.options.credentials.provider = code_.credentials.provider;
    config_.options.hosts.resolver = code_.hosts.resolver;
  }

  // What no layer said and the rest of the library need not guess again.
  void complete() {
    auto& target = config_.target;
    target.scheme = first_name(target.scheme);
    if (target.port)
      for (auto& host : target.hosts)
        if (!host.port) host.port = target.port;
    if (takes_system_user(target.scheme) && target.user.empty()) {
      target.user = sources_.system_user();
      source_of("user").origin = "operating system";
    }
    if (is_postgres(target.scheme) && target.database.empty()) {
      target.database = target.user;
      source_of("database").origin = "user";
    }
    if (target.scheme == "sqlite" && target.database.empty())
      fail("database", "URL", "no file", "a file, as sqlite:app.db, or sqlite::memory:");
    name_it();
  }

  void name_it() {
    if (!config_.options.name.empty()) return;
    const auto& database = config_.target.database;
    config_.options.name = !draft_.name.empty() ? draft_.name
                           : !database.empty()  ? database
                                                : config_.target.scheme;
  }

  // libpq goes to PGHOSTADDR whatever the host is; we go to the host. Where the host is no stronger
  // than PGHOST, or a socket, which libpq leaves for PGHOSTADDR, silence would mislead.
  void refuse_host_address() {
    if (!is_postgres(config_.target.scheme)) return;
    const auto address = sources_.variable("PGHOSTADDR");
    if (!address || address->empty()) return;
    const auto& all = config_.target.hosts;
    const bool by_socket =
        std::any_of(all.begin(), all.end(), [](const auto& h) { return h.is_socket(); });
    if (source_of("host").from <= layer::service || by_socket)
      fail("PGHOSTADDR", "environment", "\"" + shown(*address) + "\"",
           "nothing: unset it, and give the address as the host (in PGHOST or the URL)");
  }

  void reject_variables() {
    auto& named = draft_.password_variables;
    for (const auto& each : draft_.assignments)
      if (each.what->key == "password_env") named.emplace_back(each.text.reveal());
    named.push_back(code_.credentials.password_env);
    reject_unknown_variables(sources_, draft_);
  }

  void validate() {
    auto found =
        validate_config(config_, [this](std::string_view key) { return source_of(key).origin; });
    auto& all = draft_.violations;
    all.insert(all.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  }

  config_report report() {
    for (const auto& each : said_by_)
      if (applies(*each.what, config_.target.scheme))
        config_.settings.push_back({each.what->key, each.what->show(config_), each.origin});
    return {std::move(config_), std::move(draft_.violations)};
  }

  draft draft_;
  const database_options& code_;
  const config_sources& sources_;
  database_config config_;
  std::vector<source> said_by_; // one a row, in the table's order
};

} // namespace

config_report resolve(draft from, const database_options& code, const config_sources& sources) {
  return resolver{std::move(from), code, sources}.run();
}

} // namespace holdfast::detail
