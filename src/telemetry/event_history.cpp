#include "telemetry/text.hpp"

#include <holdfast/event_history.hpp>

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace holdfast {
namespace {

struct row_view {
  event_kind kind{};
  std::string_view host;
  event_reason reason{};
  std::optional<errc> code;
  friend auto operator<=>(const row_view&, const row_view&) = default;
};

struct row {
  event_kind kind{};
  std::string host;
  event_reason reason{};
  std::optional<errc> code;
  [[nodiscard]] row_view view() const noexcept { return {kind, host, reason, code}; }
};

struct by_row {
  using is_transparent = void;
  static row_view view(const row& r) noexcept { return r.view(); }
  static const row_view& view(const row_view& r) noexcept { return r; }
  bool operator()(const auto& a, const auto& b) const noexcept { return view(a) < view(b); }
};

struct tally {
  std::uint64_t count = 0;
  time_point last = time_point::min();
};
using tallies = std::map<row, tally, by_row>;

struct bucket {
  std::int64_t number = std::numeric_limits<std::int64_t>::min(); // time / width; none: empty
  tallies rows;
};

std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}

// What several buckets say of one kind on one host.
struct merged {
  std::uint64_t count = 0;
  time_point first = time_point::max();
  time_point last = time_point::min();
  std::map<std::pair<event_reason, std::optional<errc>>, std::uint64_t> causes;
};
using merged_rows = std::map<std::pair<event_kind, std::string>, merged>;

event_count row_of(const merged_rows::value_type& entry) {
  const auto& [key, m] = entry;
  event_count out{key.first, key.second, m.count, m.first, m.last, {}};
  for (const auto& [cause, count] : m.causes)
    out.causes.push_back({cause.first, cause.second, count});
  std::ranges::stable_sort(out.causes, std::ranges::greater{}, &event_cause::count);
  return out;
}

} // namespace

std::vector<std::string> validate(const event_history_options& options) {
  std::vector<std::string> violations;
  const auto must_be_positive = [&](auto value, const char* name) {
    if (value <= decltype(value){})
      violations.push_back(std::string{"event history "} + name + ": takes more than 0");
  };
  must_be_positive(options.bucket, "bucket");
  must_be_positive(options.buckets, "buckets");
  must_be_positive(options.rows_per_bucket, "rows_per_bucket");
  return violations;
}

std::uint64_t event_summary::count(event_kind kind) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& r : rows)
    if (r.kind == kind) sum += r.count;
  return sum;
}

std::uint64_t event_summary::count(event_kind kind, std::string_view host) const noexcept {
  for (const auto& r : rows)
    if (r.kind == kind && r.host == host) return r.count;
  return 0;
}

struct event_history::state {
  explicit state(const event_history_options& o) : options{o}, ring(o.buckets + 1) {}

  [[nodiscard]] std::int64_t number_of(time_point at) const noexcept {
    return floor_divide(at.time_since_epoch().count(), options.bucket.count());
  }
  [[nodiscard]] time_point start_of(std::int64_t number) const noexcept {
    return time_point{options.bucket * number};
  }

  void count(const event& e) {
    const auto number = number_of(e.at);
    const auto slot = static_cast<std::size_t>(number - floor_divide(number, size()) * size());
    auto& b = ring[slot];
    if (number < b.number) return; // older than the ring
    if (number > b.number) b = {number, {}};
    auto& t = tally_of(b.rows, e);
    ++t.count;
    t.last = std::max(t.last, e.at);
  }

  void merge_into(merged_rows& all, const bucket& b) const {
    for (const auto& [r, t] : b.rows) {
      auto& m = all[{r.kind, r.host}];
      m.count += t.count;
      m.first = std::min(m.first, start_of(b.number));
      m.last = std::max(m.last, t.last);
      m.causes[{r.reason, r.code}] += t.count;
    }
  }

  // One bucket more than asked for: the oldest is only partly within the span.
  [[nodiscard]] std::int64_t size() const noexcept {
    return static_cast<std::int64_t>(ring.size());
  }

  event_history_options options;
  mutable std::mutex mutex{}; // guards `ring`
  std::vector<bucket> ring;   // bucket n lives at n mod size

private:
  [[nodiscard]] tally& tally_of(tallies& rows, const event& e) const {
    const auto code = e.failure ? std::optional{e.failure->code} : std::nullopt;
    const auto known = rows.find(row_view{e.kind, e.host, e.reason, code});
    if (known != rows.end()) return known->second;
    if (rows.size() >= options.rows_per_bucket)
      return rows[row{e.kind, "(other)", event_reason::none, std::nullopt}];
    return rows[row{e.kind, std::string{e.host}, e.reason, code}];
  }
};

result<std::shared_ptr<event_history>> event_history::create(event_history_options options) {
  const auto violations = validate(options);
  if (violations.empty())
    return std::shared_ptr<event_history>{new event_history{std::make_unique<state>(options)}};
  std::string all;
  for (const auto& v : violations) all += (all.empty() ? "" : "; ") + v;
  return make_error(errc::invalid_configuration, std::move(all));
}

event_history::event_history(std::unique_ptr<state> s) noexcept : state_{std::move(s)} {}
event_history::~event_history() = default;

event_set event_history::interests() const noexcept { return state_->options.kinds; }

void event_history::on_event(const event& e) noexcept {
  if (!state_->options.kinds.contains(e.kind)) return;
  try {
    const std::lock_guard lock{state_->mutex};
    state_->count(e);
  } catch (...) { // out of memory: one event is not counted
  }
}

event_summary event_history::last(duration span, time_point now) const {
  const auto newest = state_->number_of(now);
  const auto reach = newest - state_->size() + 1;
  const auto oldest = std::max(state_->number_of(now - span), reach);
  merged_rows all;
  {
    const std::lock_guard lock{state_->mutex};
    for (const auto& b : state_->ring)
      if (b.number >= oldest && b.number <= newest) state_->merge_into(all, b);
  }
  event_summary out{state_->start_of(oldest), now, 0, {}};
  for (const auto& entry : all) {
    out.total += entry.second.count;
    out.rows.push_back(row_of(entry));
    out.rows.back().host = detail::redact(out.rows.back().host);
  }
  return out;
}

} // namespace holdfast
