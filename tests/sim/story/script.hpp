// Brings a plan's faults of single messages to the fake engine: it counts each call's chances.
#pragma once

#include "sim/stack/fake_engine.hpp"
#include "sim/story/plan.hpp"

#include <array>
#include <set>
#include <unordered_map>
#include <vector>

namespace holdfast::sim {

class script final : public testing::mishap_source {
public:
  explicit script(const plan& p);

  /// From here on this runtime makes that call.
  void begins(const runtime& whose, std::uint32_t caller, std::uint32_t call);
  /// This one is the upkeep's.
  void keeps_up(const runtime& whose);
  [[nodiscard]] std::optional<duration> strikes(testing::mishap what,
                                                const runtime& whose) override;
  /// Nothing strikes any more.
  void end() { over_ = true; }
  void note(std::uint32_t fault) { struck_.insert(fault); }
  [[nodiscard]] std::vector<std::uint32_t> struck() const {
    return {struck_.begin(), struck_.end()};
  }

private:
  struct arrow {
    std::uint32_t number;
    fault_kind kind;
    std::uint32_t chance;
    duration lasts;
  };
  using arrows = std::vector<arrow>;
  struct place {
    const arrows* aimed = nullptr;
    std::array<std::uint32_t, 4> chances{};
  };
  void aim_at(const runtime& whose, std::uint64_t key);

  std::unordered_map<std::uint64_t, arrows> calls_; // by caller and call
  std::unordered_map<const runtime*, place> now_;
  std::set<std::uint32_t> struck_;
  bool over_ = false;
};

} // namespace holdfast::sim
