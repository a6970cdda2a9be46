#include "drivers/mysql/sql_text.hpp"

#include "drivers/mysql/sql_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace holdfast::drivers::mysql {
namespace {

using std::string_view;

constexpr auto reading = std::to_array<string_view>({"select", "with", "values", "table"});
constexpr auto changing = std::to_array<string_view>({"insert", "replace", "update", "delete"});
/// They run or describe a query, and are dirty or not worth a thought.
constexpr auto carrying = std::to_array<string_view>({"explain", "describe", "desc", "do", "set"});
constexpr auto looking =
    std::to_array<string_view>({"show", "help", "use", "handler", "prepare", "deallocate"});
constexpr auto undoing = std::to_array<string_view>({"rollback", "savepoint", "release"});
constexpr auto controlling = std::to_array<string_view>({"begin", "start", "commit", "xa"});
/// In SET, what is more than a variable: SET STATEMENT … FOR runs any statement.
constexpr auto weighty = std::to_array<string_view>({"autocommit", "password", "statement"});
/// They do one thing each, whole or not at all as far as the engine goes.
constexpr auto single = std::to_array<string_view>(
    {"alter",    "analyze", "backup", "change", "check",    "checksum",  "create", "drop",
     "flush",    "get",     "grant",  "import", "kill",     "install",   "load",   "lock",
     "optimize", "purge",   "rename", "repair", "reset",    "resignal",  "revoke", "signal",
     "start",    "stop",    "commit", "xa",     "truncate", "uninstall", "unlock"});
constexpr auto effects = std::to_array<string_view>({"nextval", "setval"});
constexpr auto session_effects = std::to_array<string_view>(
    {"get_lock", "release_lock", "release_all_locks", "service_get_read_locks",
     "service_get_write_locks", "service_release_locks"});

template <std::size_t N>
bool among(string_view word, const std::array<string_view, N>& list) noexcept {
  return std::any_of(list.begin(), list.end(), [&](auto w) { return is_word(word, w); });
}

struct statement_words {
  string_view first;
  bool compound = false; // BEGIN NOT ATOMIC
  bool changes = false;
  bool into = false;    // SELECT … INTO a file or a variable
  bool effect = false;  // a function or a sequence
  bool session = false; // a lock, a variable
  bool temporary = false;
  bool weighty = false;
  bool carries = false; // SET STATEMENT … FOR
  bool waits_not = false;
};

void look_at(statement_words& seen, string_view word, string_view before, bool called) noexcept {
  // FOR UPDATE locks, and INSERT(…) and REPLACE(…) are functions on texts.
  const bool locks = is_word(word, "update") && is_word(before, "for");
  const bool of_text = called && (is_word(word, "insert") || is_word(word, "replace"));
  seen.changes |= among(word, changing) && !locks && !of_text;
  seen.into |= is_word(word, "into");
  seen.effect |= among(word, effects) || (is_word(word, "value") && is_word(before, "next"));
  seen.session |= word == ":=" || (called && among(word, session_effects));
  seen.temporary |=
      is_word(word, "temporary") &&
      (is_word(before, "create") || is_word(before, "drop") || is_word(before, "replace"));
  seen.compound |= is_word(word, "not") && is_word(before, "begin");
  seen.weighty |= among(word, weighty);
  seen.carries |= is_word(word, "statement") && is_word(before, "set");
  seen.waits_not |= is_word(word, "nowait");
}

bool commits(const statement_words& s) noexcept {
  if (among(s.first, reading) || among(s.first, changing)) return false;
  if (among(s.first, looking) || among(s.first, undoing)) return false;
  if (is_word(s.first, "set")) return s.weighty;
  if (is_word(s.first, "create") || is_word(s.first, "drop")) return !s.temporary;
  return !among(s.first, carrying);
}

bool runs_others(const statement_words& s) noexcept {
  if (among(s.first, reading) || among(s.first, changing) || among(s.first, looking)) return false;
  if (among(s.first, undoing) || among(s.first, single)) return false;
  if (is_word(s.first, "begin")) return s.compound;
  return !among(s.first, carrying) || s.carries;
}

sql_facts facts_of(const statement_words& s) noexcept {
  const bool reads = among(s.first, reading);
  const bool changes = among(s.first, changing);
  sql_facts facts;
  facts.may_commit = commits(s);
  const bool acts = s.changes || s.into || s.effect || s.session;
  facts.writes = reads || among(s.first, carrying)
                     ? acts || facts.may_commit
                     : !among(s.first, looking) && !among(s.first, undoing);
  facts.dirties = !(reads || changes) || s.session || (reads && s.into);
  facts.controls_transaction = among(s.first, undoing) || among(s.first, controlling) ||
                               (is_word(s.first, "set") && s.weighty);
  facts.several = false;
  facts.waits_not = s.waits_not;
  facts.runs_others = runs_others(s);
  return facts;
}

constexpr sql_facts nothing{.writes = false,
                            .dirties = false,
                            .controls_transaction = false,
                            .may_commit = false,
                            .several = false,
                            .runs_others = false};

sql_facts joined(sql_facts a, sql_facts b) noexcept {
  return {.writes = a.writes || b.writes,
          .dirties = a.dirties || b.dirties,
          .controls_transaction = a.controls_transaction || b.controls_transaction,
          .may_commit = a.may_commit || b.may_commit,
          .several = a.several || b.several,
          .waits_not = a.waits_not || b.waits_not,
          .runs_others = a.runs_others || b.runs_others};
}

/// Up to the next semicolon, or the end.
statement_words read_statement(sql_words& text) noexcept {
  text.begin_statement();
  statement_words seen;
  seen.first = text.next();
  auto before = seen.first;
  for (auto word = before; !word.empty() && word != ";"; word = text.next()) {
    look_at(seen, word, before, text.called());
    before = word;
  }
  return seen;
}

sql_facts read(string_view sql, quoting how) noexcept {
  sql_words text{sql, how};
  sql_facts all = nothing;
  int count = 0;
  while (!text.at_end()) {
    const auto statement = read_statement(text);
    if (!text.anything()) continue;
    auto facts = facts_of(statement);
    facts.runs_others = count == 0 ? facts.runs_others : all.runs_others;
    all = joined(all, facts);
    ++count;
  }
  all.several = count > 1;
  if (count == 0) all.dirties = true;
  if (!text.conditional()) return all;
  return {.several = count > 1 || sql.find(';') != string_view::npos, .waits_not = all.waits_not};
}

/// The statements up to the one that failed; a procedure's further results make it look at more.
bool commits_within(string_view sql, quoting how, std::size_t ended, bool in_block) noexcept {
  sql_words text{sql, how};
  std::size_t count = 0;
  while (!text.at_end() && count <= ended) {
    const auto facts = facts_of(read_statement(text));
    if (text.conditional()) return true;
    if (!text.anything()) continue;
    // Before the first of a script outside a block there is nothing to commit.
    const bool first = count++ == 0 && !in_block;
    if (first ? facts.runs_others : facts.may_commit) return true;
    if (in_block && facts.controls_transaction) return true; // what follows commits by itself
  }
  return false;
}

} // namespace

bool may_have_committed(string_view sql, std::size_t ended, bool in_block) noexcept {
  if (commits_within(sql, {}, ended, in_block)) return true;
  if (sql.find('\\') == string_view::npos) return false;
  return commits_within(sql, {true, false}, ended, in_block) ||
         commits_within(sql, {false, false}, ended, in_block);
}

sql_facts classify(string_view sql) noexcept {
  const auto usual = read(sql, {});
  if (sql.find('\\') == string_view::npos) return usual;
  return joined(usual, joined(read(sql, {true, false}), read(sql, {false, false})));
}

} // namespace holdfast::drivers::mysql
