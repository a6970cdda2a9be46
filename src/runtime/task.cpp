#include <holdfast/detail/frame_cache.hpp>

namespace holdfast::detail {

constinit thread_local frame_cache frames;

namespace {

/// Lives from the first kept frame to the end of its thread. Frames freed later go to the heap.
struct frames_owner {
  frames_owner() noexcept { frames.is = frame_cache::state::open; }
  ~frames_owner() {
    frames.is = frame_cache::state::ended;
    for (auto& b : frames.bins)
      while (b.head) ::operator delete(std::exchange(b.head, b.head->next));
  }
};

} // namespace

void release_frame_slowly(void* frame, std::size_t size) noexcept {
  if (frames.is != frame_cache::state::unused) return ::operator delete(frame);
  static thread_local const frames_owner owner;
  release_frame(frame, size);
}

} // namespace holdfast::detail
