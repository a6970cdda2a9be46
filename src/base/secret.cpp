#include <holdfast/secret.hpp>

#include <algorithm>
#include <string.h> // explicit_bzero
#include <utility>

namespace holdfast {

secret::secret(std::string_view text)
    : text_{text.empty() ? nullptr : std::make_unique<char[]>(text.size())}, size_{text.size()} {
  std::copy(text.begin(), text.end(), text_.get());
}

secret::secret(const secret& other) : secret{other.reveal()} {}

secret::secret(secret&& other) noexcept
    : text_{std::move(other.text_)}, size_{std::exchange(other.size_, 0)} {}

secret& secret::operator=(secret other) noexcept {
  std::swap(text_, other.text_);
  std::swap(size_, other.size_);
  return *this;
}

secret::~secret() {
  if (text_) ::explicit_bzero(text_.get(), size_); // a plain memset may be optimised away
}

bool operator==(const secret& a, const secret& b) noexcept {
  if (a.size_ != b.size_) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size_; ++i)
    difference = static_cast<unsigned char>(difference | (a.text_[i] ^ b.text_[i]));
  return difference == 0;
}

std::string to_string(const secret& s) { return s.empty() ? "" : "***"; }

} // namespace holdfast
