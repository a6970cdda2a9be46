#include "drivers/sqlite/checkup.hpp"

#include <holdfast/row.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <sqlite3.h>

namespace holdfast::drivers::sqlite {

namespace {

constexpr std::size_t most_shown = 3;

/// The first column's texts of the first rows.
class first_texts final : public row_sink {
public:
  explicit first_texts(std::vector<std::string>& out) : out_{out} {}
  void columns(std::span<const column>) override { out_.clear(); }
  result<void> row(std::span<value> cells) override {
    auto* text = std::get_if<std::string>(&cells[0]);
    if (out_.size() < most_shown && text) out_.push_back(std::move(*text));
    return {};
  }

private:
  std::vector<std::string>& out_;
};

task<std::optional<error>> ask(runtime& rt, sql_connection& c, std::string_view sql,
                               std::vector<std::string>& out, deadline until) {
  first_texts rows{out};
  const statement what{sql, {}};
  auto asked = co_await c.execute(rt, what, &rows, until);
  if (!asked) co_return std::move(asked.error());
  co_return std::nullopt;
}

/// On a connection of its own, which does not survive being broken off.
task<long_check> look_through(runtime& rt, sql_driver& driver, std::string_view sql,
                              deadline until) {
  long_check done;
  const time_point began = rt.now();
  auto opened = co_await driver.open(rt, until);
  if (!opened) {
    done.failure = std::move(opened.error());
    co_return done;
  }
  done.failure = co_await ask(rt, **opened, sql, done.found, until);
  done.took = rt.now() - began;
  (*opened)->close();
  co_return done;
}

/// By its header: both versions of the file format are 2 under a write-ahead log.
bool is_in_wal_mode(const std::string& path) {
  std::array<char, 20> head{};
  std::ifstream{path, std::ios::binary}.read(head.data(), head.size());
  return head[18] == 2 && head[19] == 2;
}

/// How to open it without a trace. Who only reads a file in WAL mode leaves a -wal and a -shm
/// behind if they were not there; who may write takes them away again. Where a -wal is there,
/// somebody is at work, or was and crashed: then only a reader leaves it as it is.
sqlite_options without_trace(const file_facts& f, const settings& s) {
  sqlite_options o = s.options;
  o.create = false;
  o.journal_mode = sqlite_journal_mode::wal; // as it is: asking for it changes nothing
  const bool tidies = is_in_wal_mode(f.path) && !std::filesystem::exists(f.path + "-wal");
  const bool may = f.place.writable && f.place.parent_writable;
  o.read_only = o.read_only || !tidies || !may;
  return o;
}

deadline half_way(runtime& rt, deadline until) {
  const time_point now = rt.now();
  return deadline::after(now, until.remaining(now) / 2);
}

task<std::optional<error>> ask_shortly(runtime& rt, sql_driver& driver, file_facts& f,
                                       deadline until) {
  auto opened = co_await driver.open(rt, until);
  if (!opened) co_return std::move(opened.error());
  std::vector<std::string> told;
  auto failed = co_await ask(rt, **opened, "pragma journal_mode", told, until);
  if (!told.empty()) f.journal_mode = std::move(told.front());
  const std::string sql = "select 'yes' where exists(" + operation_table_statements().exists + ")";
  if (!failed) failed = co_await ask(rt, **opened, sql, told, until);
  f.has_operation_table = !failed && !told.empty();
  (*opened)->close();
  co_return failed;
}

} // namespace

task<file_facts> ask_for_facts(runtime& rt, const settings& s, deadline until) {
  file_facts f{.path = s.path, .library = sqlite3_libversion()};
  if (is_memory(s.path)) co_return f;
  f.place = look_at(s.path);
  if (!f.place.exists || f.place.is_directory) co_return f;
  const auto driver = make_driver({s.path, without_trace(f, s)});
  f.failure = co_await ask_shortly(rt, *driver, f, until);
  if (f.failure) co_return f;
  f.references =
      co_await look_through(rt, *driver, "pragma foreign_key_check", half_way(rt, until));
  f.integrity = co_await look_through(rt, *driver, "pragma quick_check(3)", half_way(rt, until));
  co_return f;
}

task<checkup> check_up(runtime& rt, const settings& s, const yardstick& by, deadline until) {
  const file_facts f = co_await ask_for_facts(rt, s, until);
  checkup done{.findings = judge(f, by)};
  co_return done;
}

} // namespace holdfast::drivers::sqlite
