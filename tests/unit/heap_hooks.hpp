// clang's ThreadSanitizer brings its own operator new, which cannot be replaced: there a test looks
// at the heap through the sanitizer's hooks.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HOLDFAST_HEAP_HOOKS 1
#include <sanitizer/allocator_interface.h>
#endif
#endif
