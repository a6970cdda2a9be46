#include <holdfast/config.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace holdfast {
namespace {

namespace fs = std::filesystem;

class ProcessSources : public ::testing::Test {
protected:
  ProcessSources()
      : folder_{fs::temp_directory_path() / ("holdfast_base_" + std::to_string(::getpid()))} {
    fs::create_directories(folder_);
  }
  ~ProcessSources() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text, fs::perms mode) const {
    const auto path = folder_ / name;
    std::ofstream{path} << text;
    fs::permissions(path, mode);
    return path.string();
  }

  fs::path folder_;
  config_sources sources_ = config_sources::process();
};

TEST_F(ProcessSources, ReadsFilesAndWhoElseMay) {
  const auto mine = write("mine", "text\n", fs::perms::owner_read | fs::perms::owner_write);
  const auto open = write("open", "", fs::perms::owner_read | fs::perms::others_read);
  EXPECT_EQ(sources_.file(mine).value().text, "text\n");
  EXPECT_FALSE(sources_.file(mine).value().readable_by_others);
  EXPECT_TRUE(sources_.file(open).value().readable_by_others);
}

TEST_F(ProcessSources, TellsWhyAFileCannotBeRead) {
  const auto why = [&](const std::string& path) { return sources_.file(path).error().message; };
  EXPECT_NE(why(folder_.string()).find("folder"), std::string::npos);
  EXPECT_NE(why((folder_ / "none").string()).find("No such file"), std::string::npos);
  const auto big = write("big", std::string(1024 * 1024 + 1, 'x'), fs::perms::owner_all);
  EXPECT_NE(why(big).find("larger"), std::string::npos);
}

TEST_F(ProcessSources, ReadsVariablesAndTheUser) {
  EXPECT_FALSE(sources_.variable("HOLDFAST_NO_SUCH_VARIABLE"));
  EXPECT_TRUE(sources_.variable("PATH"));
  EXPECT_FALSE(sources_.system_user().empty());
}

TEST_F(ProcessSources, ListsTheNamesOfAllVariables) {
  const auto names = sources_.variable_names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "PATH"), 1);
}

TEST_F(ProcessSources, AWholeFileLoads) {
  const auto path = write("holdfast.toml", "[database.base_test]\nurl = \"sqlite::memory:\"\n",
                          fs::perms::owner_all);
  EXPECT_EQ(load_config(path, "base_test").target.database, ":memory:");
}

} // namespace
} // namespace holdfast
