// The same targets under libFuzzer: `fuzz --target=url [libFuzzer's own flags] CORPUS`.
#include "fuzz/seeds.hpp"
#include "fuzz/target.hpp"

#include <cstddef>
#include <cstdint>

namespace {

const holdfast::fuzz::target* chosen = nullptr;

} // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view option = "--target=";
  constexpr std::string_view writes = "--write-seeds=";
  std::string folder;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view word = (*argv)[i];
    if (word.starts_with(option)) chosen = holdfast::fuzz::find_target(word.substr(option.size()));
    if (word.starts_with(writes)) folder = word.substr(writes.size());
  }
  if (!chosen) {
    std::fputs("fuzz: --target=NAME is missing, or there is no such target\n", stderr);
    std::exit(2);
  }
  if (folder.empty()) return 0;
  holdfast::fuzz::write_seeds(*chosen, folder);
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
