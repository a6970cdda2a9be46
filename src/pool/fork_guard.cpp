#include "pool/fork_guard.hpp"

#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace holdfast::detail {
namespace {
constexpr std::size_t page_size = 1; // the kernel rounds up
}

fork_guard::fork_guard() : home_{::getpid()} {
  void* const page =
      ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, page_size, MADV_WIPEONFORK) != 0) {
    ::munmap(page, page_size);
    return;
  }
  page_ = ::new (page) std::atomic<unsigned char>{1};
}

fork_guard::~fork_guard() {
  if (page_) ::munmap(page_, page_size);
}

bool fork_guard::asked() const noexcept { return ::getpid() != home_; }

} // namespace holdfast::detail
