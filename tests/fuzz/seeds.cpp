#include "fuzz/seeds.hpp"

#include <filesystem>
#include <fstream>

namespace holdfast::fuzz {

void write_seeds(const target& t, const std::string& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const std::string& input : t.seeds()) {
    std::ofstream file{folder + "/seed-" + std::to_string(number++), std::ios::binary};
    file.write(input.data(), static_cast<std::streamsize>(input.size()));
  }
}

} // namespace holdfast::fuzz
