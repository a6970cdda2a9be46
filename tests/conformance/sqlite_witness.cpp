// SQLite: a file. Who stands in the way of its callers is another process with the write lock.
#include "conformance/intruder.hpp"
#include "conformance/witness.hpp"

#include <holdfast/sqlite.hpp>

#include <filesystem>
#include <system_error>

namespace holdfast::conformance {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const words sqlite_words{
    .placeholder = "?#",
    .bytes_type = "blob",
    .numeric_type = "text", // its own numeric is a double
    .lock_deadline = 300ms,
    .lock_wait_ends = errc::database_busy,
    .traces = {{"a temporary table", "create temporary table mine (id bigint)",
                "select 'rows: ' || count(*) from mine"},
               {"a setting", "pragma cache_size = 777",
                "select cast(cache_size as text) from "
                "pragma_cache_size"}},
};

fs::path make_folder() {
  std::string made = (fs::temp_directory_path() / "holdfast-conformance-XXXXXX").string();
  if (::mkdtemp(made.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  return made;
}

class file_witness final : public witness {
public:
  ~file_witness() override {
    other_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string_view name() const noexcept override { return "sqlite"; }
  const words& dialect() const noexcept override { return sqlite_words; }

  std::string_view lacks(need what) const noexcept override {
    switch (what) {
    case need::server: return "the engine is in our process, nothing goes over a network";
    case need::logins: return "it knows no users, only the file's permissions";
    case need::tls: return "nothing goes over a network";
    case need::row_locks: return "there is one writer at a time, who cannot deadlock";
    case need::read_only_switch: return "a file is opened for writing, or it is not";
    case need::commit_proof: return "no reply can be lost between a process and its own memory";
    case need::nothing: break;
    }
    return {};
  }

  void clear() override {
    other_.reset();
    ++files_;
  }
  std::string url(const entry& how) const override {
    const fs::path file = how.database.empty() ? fs::path{path()} : folder_ / how.database / "x.db";
    return "sqlite://" + file.string();
  }
  database connect(const std::string& url, const database_options& options) const override {
    return sqlite::connect(url, options);
  }

  void strike(outage what) override {
    other_ = std::make_unique<intruder>(path(), folder_ / "intruder");
    if (what == outage::paused) other_->pause();
  }
  void heal(outage what) override {
    if (what == outage::killed)
      other_->kill_hard();
    else
      other_->let_go();
    other_.reset();
  }

private:
  [[nodiscard]] std::string path() const {
    return folder_ / ("case" + std::to_string(files_) + ".db");
  }

  fs::path folder_ = make_folder();
  int files_ = 0; // a file for each case
  std::unique_ptr<intruder> other_;
};

} // namespace

std::unique_ptr<witness> sqlite_witness() { return std::make_unique<file_witness>(); }

} // namespace holdfast::conformance
