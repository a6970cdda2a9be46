#include "cli/demo/scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace holdfast::cli::demo {

scratch_folder::scratch_folder() {
  std::string name = std::filesystem::temp_directory_path() / "holdfast-demo-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "cannot make a temporary folder");
  path_ = name;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace holdfast::cli::demo
