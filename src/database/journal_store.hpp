// Where queued writes are kept. The journal decides; a store only keeps, and what it has
// acknowledged survives the program and the machine.
#pragma once

#include <holdfast/runtime.hpp>
#include <holdfast/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::detail {

/// One write, as it was queued.
struct journal_entry {
  std::int64_t id = 0; ///< the store's, in the order of queueing
  std::string key;
  std::string text;
  bytes parameters;           ///< see value_codec.hpp
  std::int64_t queued_at = 0; ///< milliseconds since 1970: it outlives the steady clock
};

/// What a store holds.
struct journal_totals {
  std::int64_t queued = 0;
  std::int64_t bytes = 0;
  std::int64_t oldest = 0; ///< `queued_at` of the first; 0 if there is none
  std::int64_t refused = 0;
};

enum class appended : std::uint8_t {
  added,
  known,   ///< the same write under the same key waits already
  reused,  ///< another write has that key
  refused, ///< it was put aside: the server had refused it
};

/// One write that was put aside.
struct refused_entry {
  std::string key;
  std::string text;
  bytes parameters;
  std::int64_t queued_at = 0;
  std::string why;
};

/// Used by one program at a time. `append` may come from several tasks at once.
class journal_store {
public:
  virtual ~journal_store() = default;
  [[nodiscard]] virtual task<result<journal_totals>> totals(runtime& rt) = 0;
  [[nodiscard]] virtual task<result<appended>> append(runtime& rt, const journal_entry& e) = 0;
  /// The first that is queued.
  [[nodiscard]] virtual task<result<std::optional<journal_entry>>> front(runtime& rt) = 0;
  [[nodiscard]] virtual task<result<void>> remove(runtime& rt, std::int64_t id) = 0;
  [[nodiscard]] virtual task<result<void>> put_aside(runtime& rt, std::int64_t id,
                                                     std::string why) = 0;
  /// In order.
  [[nodiscard]] virtual task<result<std::vector<refused_entry>>> refused(runtime& rt) = 0;
  [[nodiscard]] virtual task<result<bool>> forget(runtime& rt, std::string key) = 0;
};

/// About the room that a write takes.
[[nodiscard]] inline std::int64_t room_of(const journal_entry& e) noexcept {
  return static_cast<std::int64_t>(e.key.size() + e.text.size() + e.parameters.size());
}

} // namespace holdfast::detail
