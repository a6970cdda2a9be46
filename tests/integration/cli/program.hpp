// Runs the holdfast program as a user's shell does.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast::test {

struct ran {
  int code = -1;
  std::string out;
  std::string err;
};

/// A folder for one test, empty at first, removed at its end.
class folder {
public:
  folder() {
    std::string name = std::filesystem::temp_directory_path() / "holdfast-cli-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] std::string path() const { return path_; }

private:
  std::filesystem::path path_;
};

inline std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// `arguments` as a shell reads them; `before` may set variables or name a program that runs ours.
inline ran holdfast(const std::string& arguments, const std::string& before = "") {
  const folder mine;
  const std::string line = "cd " + mine.path() + " && " + before + " " HOLDFAST_PROGRAM " " +
                           arguments + " >" + mine / "out" + " 2>" + mine / "err";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(mine / "out"),
          text_of(mine / "err")};
}

} // namespace holdfast::test
