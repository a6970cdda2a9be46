// Makes the table that operation keys need, or prints how it is made.
#include "cli/command.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"
#include "drivers/mysql/driver.hpp"
#include "drivers/postgres/driver.hpp"
#include "drivers/sqlite/driver.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace holdfast::cli {

namespace {

struct table_maker {
  std::string_view scheme;
  const drivers::operation_table_sql& (*words)() noexcept;
};
constexpr auto table_makers =
    std::to_array<table_maker>({{"sqlite", drivers::sqlite::operation_table_statements},
                                {"postgresql", drivers::postgres::operation_table},
                                {"mysql", drivers::mysql::operation_table}});

const std::string& ddl_of(const database_config& config) {
  const auto* found = std::ranges::find(table_makers, config.target.scheme, &table_maker::scheme);
  if (found == table_makers.end()) throw no_such_engine(config.target.scheme);
  return found->words().create;
}

class operation_table_command final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("URL", false, read_text(url_), std::string{url_help});
    takes.flag("--print", print_, "Print the statements instead; opens nothing");
  }

  int run(const console& out) override {
    target to = read_target(url_, out);
    if (print_) return print(out, to);
    make_plain(to.config.options);
    to.config.options.start = start_mode::connect;
    to.config.options.operation_keys.enabled = true; // opening makes the table
    const bool was_there = is_there(to.config);
    if (!was_there) (void)open(to.config).close(std::chrono::seconds{1});
    out.say(fmt::format("{}: the table for operation keys {}", to.shown,
                        was_there ? "was there already" : "is made"));
    if (!out.json) return exit_ok;
    json_object all;
    all.add("ok", true).add("target", to.shown).add("made", !was_there);
    out.data(all.text());
    return exit_ok;
  }

private:
  static int print(const console& out, const target& to) {
    const std::string& ddl = ddl_of(to.config);
    if (!out.json) return out.data(ddl), exit_ok;
    json_object all;
    all.add("ok", true).add("target", to.shown).add("ddl", ddl);
    out.data(all.text());
    return exit_ok;
  }

  static bool is_there(database_config config) {
    config.options.operation_keys.create_table = false;
    try {
      (void)open(config).close(std::chrono::seconds{1});
      return true;
    } catch (const database_error& e) {
      if (e.code() != errc::operation_table_missing) throw;
      return false;
    }
  }

  std::string url_;
  bool print_ = false;
};

} // namespace

std::unique_ptr<command> make_operation_table() {
  return std::make_unique<operation_table_command>();
}

} // namespace holdfast::cli
