// Counters as Prometheus families. Names, labels and their order are interface (golden-tested).
#pragma once

#include "telemetry/host_counters.hpp"

#include <memory>
#include <prometheus/metric_family.h>
#include <span>
#include <vector>

namespace holdfast::detail {

using hosts = std::vector<std::shared_ptr<const host_counters>>;

/// Every family once, with the metrics of all hosts; families without a metric are left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> families_of(const hosts& all);

} // namespace holdfast::detail
