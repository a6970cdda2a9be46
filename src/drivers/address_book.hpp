// Which addresses a host's name stood for, and which of them it stands for no more.
#pragma once

#include "drivers/sql_driver.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::drivers {

/// An address has vanished when two answers in a row, a second apart, do not name it: one alone may
/// be a resolver's rotation. It is back as soon as one does.
class address_book {
public:
  void note(std::span<const address> answer, time_point now);
  [[nodiscard]] address_news news() const;

private:
  struct entry {
    std::string text;
    std::optional<time_point> missed{}; ///< since when no answer has named it
    bool vanished = false;
  };
  std::vector<entry> entries_;
};

} // namespace holdfast::drivers
