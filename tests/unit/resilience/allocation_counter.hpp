// The program that links allocation_counter.cpp counts what each thread takes from the heap.
#pragma once

#include <cstddef>

namespace holdfast::testing {

[[nodiscard]] std::size_t allocations_of_this_thread() noexcept;

} // namespace holdfast::testing
