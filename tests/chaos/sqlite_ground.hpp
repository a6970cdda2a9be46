#pragma once

#include "chaos/ground.hpp"

#include <filesystem>

namespace holdfast::matrix {

/// A SQLite file in a folder of its own, which goes with it.
class sqlite_ground final : public ground {
public:
  sqlite_ground();
  ~sqlite_ground() override;

  [[nodiscard]] std::string title() const override;
  [[nodiscard]] const dialect& words() const noexcept override;
  [[nodiscard]] database& boss() override { return boss_; }
  void make_tables() override;
  [[nodiscard]] std::uint16_t port() const override { return 0; }
  [[nodiscard]] std::string url(std::uint16_t port) const override;
  [[nodiscard]] database connect(const std::string& url,
                                 const database_options& options) const override;
  /// SQLite must not close a file on which another connection of this process has a lock.
  [[nodiscard]] std::size_t spare_descriptors() const override;
  void mend() override {}

  [[nodiscard]] std::filesystem::path folder() const { return folder_; }
  [[nodiscard]] std::string file() const { return folder_ / "chaos.db"; }

private:
  std::filesystem::path folder_;
  database boss_;
};

[[nodiscard]] const dialect& sqlite_words() noexcept;

} // namespace holdfast::matrix
