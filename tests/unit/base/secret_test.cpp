#include "unit/heap_hooks.hpp"

#include <holdfast/secret.hpp>
#include <holdfast/version.hpp>

#include <algorithm>
#include <concepts>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>
#include <sstream>
#include <utility>

namespace {

// What stood in the watched block when it was freed.
struct watch {
  void* block = nullptr;
  std::size_t size = 0;
  bool freed = false;
  bool wiped = false;
};
watch watched;

void note_free(void* block) noexcept {
  if (block == nullptr || block != watched.block) return;
  const auto* bytes = static_cast<const unsigned char*>(block);
  watched.freed = true;
  watched.wiped = std::all_of(bytes, bytes + watched.size, [](unsigned char c) { return c == 0; });
  watched.block = nullptr;
}

void watch_block(std::string_view text) { watched = {const_cast<char*>(text.data()), text.size()}; }

} // namespace

#ifdef HOLDFAST_HEAP_HOOKS
static const int hooked = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) {},
    [](const volatile void* block) { note_free(const_cast<void*>(block)); });
#else
void* operator new[](std::size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc{};
}
void operator delete[](void* block) noexcept {
  note_free(block);
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  note_free(block);
  std::free(block);
}
#endif

namespace holdfast {
namespace {

template <class T>
concept streams = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!streams<secret>);
static_assert(!std::convertible_to<secret, std::string>);
static_assert(!std::convertible_to<secret, std::string_view>);
static_assert(!std::convertible_to<std::string, secret>);

TEST(Secret, IsShownAsStars) {
  EXPECT_EQ(to_string(secret{"hunter2"}), "***");
  EXPECT_EQ(to_string(secret{}), "");
}

TEST(Secret, RevealsItsText) {
  const secret s{"hunter2"};
  const secret copy = s;
  EXPECT_EQ(s.reveal(), "hunter2");
  EXPECT_EQ(copy.reveal(), "hunter2");
  EXPECT_FALSE(s.empty());
}

TEST(Secret, ComparesByText) {
  EXPECT_EQ(secret{"abc"}, secret{"abc"});
  EXPECT_FALSE(secret{"abc"} == secret{"abd"});
  EXPECT_FALSE(secret{"abc"} == secret{"ab"});
  EXPECT_EQ(secret{}, secret{""});
}

TEST(Secret, IsWipedWhenDestroyed) {
  {
    const secret s{"correct horse battery staple"};
    watch_block(s.reveal());
  }
  EXPECT_TRUE(watched.freed);
  EXPECT_TRUE(watched.wiped);
}

TEST(Secret, IsWipedWhenAssignedTo) {
  secret s{"correct horse battery staple"};
  watch_block(s.reveal());
  s = secret{"other"};
  EXPECT_TRUE(watched.freed);
  EXPECT_TRUE(watched.wiped);
  EXPECT_EQ(s.reveal(), "other");
}

TEST(Secret, MovingLeavesNothingBehind) {
  secret from{"short"};
  const char* text = from.reveal().data();
  const secret to = std::move(from);
  EXPECT_EQ(to.reveal().data(), text) << "moved, not copied";
  EXPECT_TRUE(from.empty()); // NOLINT(bugprone-use-after-move): that is the point
}

TEST(Version, IsTheBuilds) { EXPECT_EQ(version, HOLDFAST_PROJECT_VERSION); }

} // namespace
} // namespace holdfast
