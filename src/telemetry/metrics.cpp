#include "telemetry/families.hpp"
#include "telemetry/text.hpp"

#include <holdfast/metrics.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>
#include <utility>

namespace holdfast {

struct metrics::state final : prometheus::Collectable {
  using key = std::pair<std::string, std::string>; // database, host

  std::shared_ptr<detail::host_counters> at(const key& k) {
    const std::lock_guard lock{mutex};
    auto& slot = known[k];
    if (auto living = slot.lock()) return living;
    auto made = std::make_shared<detail::host_counters>(k.first, k.second);
    slot = made;
    return made;
  }

  void append_to(detail::hosts& all) const {
    const std::lock_guard lock{mutex};
    std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
    for (const auto& [name, counters] : known)
      if (auto living = counters.lock()) all.push_back(std::move(living));
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    detail::hosts all;
    append_to(all);
    return detail::families_of(all);
  }

  mutable std::mutex mutex; // guards `known`, which forgets the dead when it is read
  mutable std::map<key, std::weak_ptr<detail::host_counters>> known;
};

metrics::metrics() : state_{std::make_shared<state>()} {}

std::shared_ptr<host_metrics> metrics::at(std::string_view database, std::string_view host) const {
  return state_->at(
      {detail::printable(detail::redact(database)), detail::printable(detail::redact(host))});
}

std::string metrics::text() const { return prometheus_text({this, 1}); }

std::shared_ptr<prometheus::Collectable> metrics::collectable() const { return state_; }

std::string prometheus_text(std::span<const metrics> sources) {
  detail::hosts all;
  std::vector<metrics::state*> seen; // the same one twice would double its series
  for (const auto& source : sources) {
    if (std::ranges::find(seen, source.state_.get()) != seen.end()) continue;
    seen.push_back(source.state_.get());
    source.state_->append_to(all);
  }
  return prometheus::TextSerializer{}.Serialize(detail::families_of(all));
}

} // namespace holdfast
