#include <holdfast/task.hpp>

#include <array>
#include <new>

namespace holdfast::detail {
namespace {

// The sanitizers must see every frame come and go.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool recycle = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool recycle = false;
#else
constexpr bool recycle = true;
#endif
#else
constexpr bool recycle = true;
#endif

constexpr std::size_t step = 64;
constexpr std::size_t classes = 32; // frames up to 2 KiB
constexpr std::size_t kept = 32;    // frames a class and thread

struct free_frame {
  free_frame* next;
};

struct frame_cache {
  struct bin {
    free_frame* head = nullptr;
    std::size_t count = 0;
  };
  std::array<bin, classes> bins{};

  ~frame_cache() {
    for (bin& b : bins)
      while (b.head) ::operator delete(std::exchange(b.head, b.head->next));
    alive = false;
  }
  // A trivially destructible flag outlives the cache: frames freed later go to the heap.
  static thread_local bool alive;
};
thread_local bool frame_cache::alive = true;
thread_local frame_cache cache;

constexpr std::size_t class_of(std::size_t size) noexcept { return (size - 1) / step; }

} // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t c = class_of(size);
  if (!recycle || c >= classes) return ::operator new(size);
  if (frame_cache::alive) {
    auto& b = cache.bins[c];
    if (b.head) {
      --b.count;
      return std::exchange(b.head, b.head->next);
    }
  }
  return ::operator new((c + 1) * step);
}

void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t c = class_of(size);
  if (recycle && c < classes && frame_cache::alive) {
    auto& b = cache.bins[c];
    if (b.count < kept) {
      b.head = new (frame) free_frame{b.head};
      ++b.count;
      return;
    }
  }
  ::operator delete(frame);
}

} // namespace holdfast::detail
