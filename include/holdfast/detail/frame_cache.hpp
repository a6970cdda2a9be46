// Where the frames of coroutines come from: a small cache per thread, so that a chain of tasks
// allocates nothing in the steady state. Promises nothing to users.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace holdfast::detail {

// The sanitizers must see every frame come and go.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool recycle_frames = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool recycle_frames = false;
#else
inline constexpr bool recycle_frames = true;
#endif
#else
inline constexpr bool recycle_frames = true;
#endif

/// Constant-initialised and trivially destructible, so that reaching it costs no guard; what the
/// thread leaves is freed by another object, which `keep_frame` makes with the first frame kept.
struct frame_cache {
  static constexpr std::size_t step = 64;
  static constexpr std::size_t classes = 32; // frames up to 2 KiB; larger ones come from the heap
  static constexpr std::uint32_t kept = 32;  // frames a class and thread

  struct frame {
    frame* next;
  };
  struct bin {
    frame* head = nullptr;
    std::uint32_t count = 0;
  };
  enum class state : std::uint8_t { unused, open, ended };

  static constexpr std::size_t class_of(std::size_t size) noexcept { return (size - 1) / step; }

  std::array<bin, classes> bins{};
  state is = state::unused;
};

extern constinit thread_local frame_cache frames;

/// For the first frame that a thread keeps, and for those that come after the thread's end.
void release_frame_slowly(void* frame, std::size_t size) noexcept;

[[gnu::hot]] inline void* allocate_frame(std::size_t size) {
  const std::size_t c = frame_cache::class_of(size);
  if (!recycle_frames || c >= frame_cache::classes) return ::operator new(size);
  auto& b = frames.bins[c];
  if (!b.head) return ::operator new((c + 1) * frame_cache::step);
  --b.count;
  return std::exchange(b.head, b.head->next);
}

[[gnu::hot]] inline void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t c = frame_cache::class_of(size);
  if (!recycle_frames || c >= frame_cache::classes) return ::operator delete(frame);
  auto& b = frames.bins[c];
  if (frames.is != frame_cache::state::open || b.count >= frame_cache::kept)
    return release_frame_slowly(frame, size);
  b.head = new (frame) frame_cache::frame{b.head};
  ++b.count;
}

} // namespace holdfast::detail
