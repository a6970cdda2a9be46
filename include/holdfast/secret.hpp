#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast {

/// A password or a key. It has no way into a log by accident: it does not stream, does not convert,
/// and `to_string` gives `***`. Its memory is wiped when it is destroyed or assigned to.
///
/// It does not encrypt, and cannot wipe copies that others made: the URL or file text that it came
/// from, or what `reveal` was copied into.
class secret {
public:
  secret() noexcept = default;
  explicit secret(std::string_view text);
  secret(const secret& other);
  secret(secret&& other) noexcept;
  secret& operator=(secret other) noexcept;
  ~secret();

  /// The text itself, for the one call that needs it. Valid while this object is unchanged.
  [[nodiscard]] std::string_view reveal() const noexcept { return {text_.get(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Takes as long for a near miss as for a match; only the length shows in the time.
  friend bool operator==(const secret& a, const secret& b) noexcept;

private:
  std::unique_ptr<char[]> text_; // never a std::string: its small buffer would leave copies behind
  std::size_t size_ = 0;
};

/// `***`, or nothing for an empty secret.
[[nodiscard]] std::string to_string(const secret&);

std::ostream& operator<<(std::ostream&, const secret&) = delete;

} // namespace holdfast
