#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

namespace holdfast::testing {

struct certificate_files {
  std::filesystem::path ca;          ///< what a client trusts
  std::filesystem::path certificate; ///< the server's, for localhost, 127.0.0.1 and ::1
  std::filesystem::path key;         ///< mode 0600
};

/// A throwaway CA and the one server key that it signs for. Its files are in the folder and stay
/// there. Verbs throw std::runtime_error with OpenSSL's reason. Threads: one user.
class certificate_authority {
public:
  /// Writes the CA's certificate and the server's key.
  explicit certificate_authority(const std::filesystem::path& folder);
  ~certificate_authority();
  certificate_authority(const certificate_authority&) = delete;
  certificate_authority& operator=(const certificate_authority&) = delete;

  /// Makes the server a certificate in place of the one that it has: valid from a day before
  /// `valid_for` ends or from an hour ago, until `valid_for` from now; a negative one has expired.
  void issue(std::chrono::seconds valid_for);
  [[nodiscard]] const certificate_files& files() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace holdfast::testing
