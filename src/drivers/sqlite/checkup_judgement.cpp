#include "base/option_codec.hpp"
#include "drivers/sqlite/checkup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::drivers::sqlite {

namespace {

finding judge_place(const file_facts& f, const yardstick& by) {
  constexpr auto check = "file";
  const path_facts& p = f.place;
  if (p.is_directory)
    return {check, verdict::error, f.path + " is a directory", "Name a file in the URL."};
  if (p.exists) return {check, verdict::ok, f.path + " is there"};
  if (!p.parent_exists)
    return {check, verdict::error, "the directory of " + f.path + " is not there",
            "Make the directory, or correct the path in the URL."};
  const auto& o = by.options.sqlite;
  const std::string found = f.path + " is not there";
  if (!o.create || o.read_only)
    return {check, verdict::error, found,
            "Make the file, correct the path, or let it be made: sqlite.create = true."};
  if (!p.parent_writable)
    return {check, verdict::error, found + ", and its directory may not be written",
            "Give this user the right to write to the directory."};
  return {check, verdict::warning, found,
          "Correct the path if the file should be there: the first open makes an empty one."};
}

finding judge_rights(const file_facts& f, const yardstick& by) {
  constexpr auto check = "writable";
  if (by.options.sqlite.read_only) return {check, verdict::ok, "not needed: sqlite.read_only"};
  if (!f.place.writable)
    return {check, verdict::error, "this user may not write the file",
            "Give this user the right to write it, or set sqlite.read_only = true."};
  if (!f.place.parent_writable)
    return {check, verdict::error, "this user may not write the file's directory",
            "Give this user the right to write it: the write-ahead log belongs there."};
  return {check, verdict::ok, "the file and its directory"};
}

finding judge_journal(const file_facts& f, const yardstick& by) {
  constexpr auto check = "journal_mode";
  const auto& o = by.options.sqlite;
  const std::string wanted = detail::show_value(o.journal_mode);
  if (!o.read_only && o.journal_mode == sqlite_journal_mode::memory)
    return {check, verdict::warning, wanted,
            "Set sqlite.journal_mode = wal: a crash within a write destroys the file."};
  if (o.read_only || f.journal_mode == wanted) return {check, verdict::ok, f.journal_mode};
  return {check, verdict::warning,
          fmt::format("{}; our next open makes it {}", f.journal_mode, wanted),
          "Set sqlite.journal_mode to what the file has, if another program counts on that."};
}

finding judge_synchronous(const yardstick& by) {
  constexpr auto check = "synchronous";
  switch (by.options.sqlite.synchronous) {
  case sqlite_synchronous::off:
    return {check, verdict::warning, "off: a power cut can destroy the file",
            "Set sqlite.synchronous = full."};
  case sqlite_synchronous::normal:
    return {check, verdict::warning, "normal: a power cut may lose the last commits",
            "Set sqlite.synchronous = full, unless they may be lost."};
  default: return {check, verdict::ok, "an acknowledged commit survives a power cut"};
  }
}

finding broken_off(const char* check, const long_check& c) {
  if (c.failure->code == errc::deadline_exceeded)
    return {check, verdict::not_tried, "not finished: broken off after " + spoken(c.took),
            "Give it more time: --timeout."};
  return {check, verdict::error, holdfast::to_string(*c.failure),
          "Restore the file from a backup."};
}

finding judge_integrity(const file_facts& f) {
  constexpr auto check = "integrity";
  if (f.integrity.failure) return broken_off(check, f.integrity);
  if (f.integrity.found == std::vector<std::string>{"ok"})
    return {check, verdict::ok, "quick_check finds nothing, in " + spoken(f.integrity.took)};
  return {check, verdict::error, fmt::format("{}", fmt::join(f.integrity.found, "; ")),
          "Restore the file from a backup, or save what can be saved: sqlite3 FILE .recover."};
}

finding judge_references(const file_facts& f, const yardstick& by) {
  constexpr auto check = "foreign_keys";
  if (f.references.failure) return broken_off(check, f.references);
  if (!f.references.found.empty())
    return {check, verdict::warning,
            fmt::format("rows of {} refer to rows that are not there",
                        fmt::join(f.references.found, ", ")),
            "Look at PRAGMA foreign_key_check and mend or delete these rows."};
  if (!by.options.sqlite.foreign_keys)
    return {check, verdict::warning, "not enforced",
            "Set sqlite.foreign_keys = true: what is there keeps to them."};
  return {check, verdict::ok, "enforced; every row keeps to them"};
}

finding judge_operation_table(const file_facts& f, const yardstick& by) {
  constexpr auto check = "operation_table";
  const auto& keys = by.options.operation_keys;
  const std::string found =
      fmt::format("holdfast_operation is {}there, operation_keys.enabled = {}",
                  f.has_operation_table ? "" : "not ", keys.enabled);
  const bool made = keys.create_table && !by.options.sqlite.read_only;
  if (!keys.enabled || f.has_operation_table || made) return {check, verdict::ok, found};
  return {check, verdict::error, found,
          "Run holdfast operation-table URL: opening fails as it is."};
}

} // namespace

findings judge(const file_facts& f, const yardstick& by) {
  findings all;
  const finding version{"version", verdict::ok, "SQLite " + f.library};
  if (is_memory(f.path)) return {version};
  all.push_back(judge_place(f, by));
  if (f.place.exists && !f.place.is_directory) all.push_back(judge_rights(f, by));
  all.push_back(version);
  if (all.front().is != verdict::ok) return all;
  if (f.failure) {
    all.push_back({"open", verdict::error, holdfast::to_string(*f.failure),
                   "Correct the path if this is another file, or restore it from a backup."});
    skip(all, {"journal_mode", "integrity", "foreign_keys", "operation_table"}, "it does not open");
    return all;
  }
  all.push_back({"open", verdict::ok, "it can be read"});
  all.push_back(judge_journal(f, by));
  all.push_back(judge_synchronous(by));
  all.push_back(judge_integrity(f));
  all.push_back(judge_references(f, by));
  all.push_back(judge_operation_table(f, by));
  return all;
}

} // namespace holdfast::drivers::sqlite
