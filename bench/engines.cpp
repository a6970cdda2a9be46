#include "bench/measure.hpp"

int main() {
  holdfast::bench::print_query();
  holdfast::bench::print_query_mysql();
}
