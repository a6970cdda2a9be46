#pragma once

namespace holdfast::cli {

/// The whole program but for `main`: reads the command line, runs the command, says what went
/// wrong. Gives the exit code.
[[nodiscard]] int run_program(int argc, char** argv);

} // namespace holdfast::cli
