// The engines that the facade's tests run on: a database of each, fresh for each test.
#pragma once

#include "testing/postgres_server.hpp"

#include <holdfast/postgres.hpp>
#include <holdfast/sqlite.hpp>

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace holdfast::test {

/// One PostgreSQL for the whole program.
inline testing::postgres_server& server() {
  static const auto made = [] {
    auto s = std::make_unique<testing::postgres_server>();
    s->start();
    s->wait_ready();
    return s;
  }();
  return *made;
}

inline database_options quiet(database_options o = {}) {
  o.log.enabled = false;
  return o;
}

/// Parameterised by the engine's name. SQL here is what both engines understand.
class each_engine : public ::testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    if (GetParam() == "sqlite") {
      std::string made = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
      ASSERT_NE(::mkdtemp(made.data()), nullptr);
      folder_ = made;
    } else {
      auto admin = postgres::connect(server().url(), quiet());
      admin.script("drop schema if exists public cascade");
      admin.script("create schema public");
    }
  }
  void TearDown() override {
    db_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  database connect(const database_options& o = {}) const {
    if (GetParam() == "sqlite") return sqlite::connect(file(), quiet(o));
    return postgres::connect(server().url(), quiet(o));
  }
  database& db() {
    if (!db_) db_ = std::make_unique<database>(connect());
    return *db_;
  }
  /// SQLite's.
  [[nodiscard]] std::string file() const { return (folder_ / "test.db").string(); }
  [[nodiscard]] bool is_postgres() const { return GetParam() == "postgres"; }

private:
  std::filesystem::path folder_;
  std::unique_ptr<database> db_;
};

inline const auto engines = ::testing::Values("sqlite", "postgres");
inline std::string engine_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

} // namespace holdfast::test
