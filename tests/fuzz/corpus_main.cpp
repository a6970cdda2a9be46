// Keeps the corpora alive without libFuzzer: gives a target its seeds, the inputs that once broke
// it, and a few thousand changed ones, the same each time.
//
//     fuzz_corpus TARGET FOLDER [INPUT...]     FOLDER/TARGET has those inputs; or the given files
//     alone
#include "fuzz/target.hpp"
#include "testing/random_source.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace holdfast::fuzz {

namespace {

constexpr int changed = 4000;

std::string contents(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> inputs_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::directory_iterator{folder}) files.push_back(entry);
  std::ranges::sort(files);
  std::vector<std::string> all;
  for (const auto& file : files) all.push_back(contents(file));
  return all;
}

/// A few bytes changed, put in, taken out, or the end of another input behind its beginning.
std::string change(std::string text, const std::string& other, testing::random_source& chance) {
  for (std::int64_t i = chance.below(4); i >= 0; --i) {
    const auto at =
        static_cast<std::size_t>(chance.below(static_cast<std::int64_t>(text.size()) + 1));
    const auto byte = static_cast<char>(chance.below(256));
    switch (chance.below(4)) {
    case 0: text.insert(at, 1, byte); break;
    case 1: text.erase(at, 1 + static_cast<std::size_t>(chance.below(3))); break;
    case 2: text = text.substr(0, at) + other.substr(std::min(at, other.size())); break;
    default:
      if (at < text.size()) text[at] = byte;
    }
  }
  return text;
}

std::string present; // the input at hand

/// What the process died of, so that it can be kept.
extern "C" void keep_the_input(int) {
  constexpr const char* file = "fuzz-corpus-broken";
  if (std::FILE* out = std::fopen(file, "wb")) { // not for handlers, but there is nothing to lose
    (void)std::fwrite(present.data(), 1, present.size(), out);
    (void)std::fclose(out);
    std::fprintf(stderr, "fuzz_corpus: the input is in %s\n", file);
  }
  std::_Exit(1);
}

void give(const target& t, std::string input) {
  present = std::move(input);
  t.run(present);
}

int run(const target& t, const std::string& folder) {
  std::vector<std::string> all = t.seeds();
  const auto kept = inputs_in(std::filesystem::path{folder} / t.name);
  all.insert(all.end(), kept.begin(), kept.end());
  for (const std::string& input : all) give(t, input);
  testing::random_source chance{17};
  const auto any = [&all, &chance]() -> const std::string& {
    return all[static_cast<std::size_t>(chance.below(static_cast<std::int64_t>(all.size())))];
  };
  for (int i = 0; i < changed; ++i) give(t, change(any(), any(), chance));
  std::printf("%s: %zu inputs and %d changed ones\n", std::string{t.name}.c_str(), all.size(),
              changed);
  return 0;
}

} // namespace

} // namespace holdfast::fuzz

int main(int argc, char** argv) {
  using namespace holdfast::fuzz;
  const target* t = argc > 2 ? find_target(argv[1]) : nullptr;
  if (!t) {
    std::fputs("usage: fuzz_corpus TARGET FOLDER [INPUT...]\n", stderr);
    return 2;
  }
  (void)std::signal(SIGABRT, keep_the_input);
  if (argc == 3) return run(*t, argv[2]);
  for (int i = 3; i < argc; ++i) give(*t, contents(argv[i]));
  return 0;
}
