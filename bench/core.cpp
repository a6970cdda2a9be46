#include "bench/measure.hpp"

int main() {
  holdfast::bench::print_clocks();
  holdfast::bench::print_pools();
  holdfast::bench::print_crowd();
  holdfast::bench::print_pipeline();
  holdfast::bench::print_query();
}
