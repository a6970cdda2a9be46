#pragma once

#include <chrono>
#include <filesystem>

namespace holdfast::testing {

struct certificate_files {
  std::filesystem::path ca;          ///< what a client trusts
  std::filesystem::path certificate; ///< the server's, for localhost, 127.0.0.1 and ::1
  std::filesystem::path key;         ///< mode 0600
};

/// Makes a throwaway CA and a server certificate signed by it, valid from a day before `valid_for`
/// ends or from an hour ago, until `valid_for` from now; a negative `valid_for` has expired.
/// Throws std::runtime_error with OpenSSL's reason.
[[nodiscard]] certificate_files make_certificates(const std::filesystem::path& folder,
                                                  std::chrono::seconds valid_for);

} // namespace holdfast::testing
