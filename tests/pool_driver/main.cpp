// Drives the pool from outside: commands as JSON lines on standard input, replies and events on
// standard output.
#include "pool_driver/driver.hpp"

#include <iostream>
#include <string>

int main() {
  holdfast::pool_driver::output out;
  holdfast::pool_driver::driver driver{out};
  for (std::string line; std::getline(std::cin, line);)
    if (!line.empty()) driver.command(line);
  driver.finish();
}
