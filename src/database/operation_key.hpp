// The operation key: a row that is written first and committed with the change, so that what became
// of a write can be asked afterwards. See docs/guide/operation-keys.md for the proof.
#pragma once

#include "database/work.hpp"

#include <holdfast/call_options.hpp>

#include <optional>
#include <string>

namespace holdfast::detail {

class row_source;

/// Longest key, in bytes.
inline constexpr std::size_t longest_key = 200;

/// Why a key cannot be used; nothing was sent.
[[nodiscard]] std::optional<error> key_problem(std::string_view key);

/// What identifies an operation beside its key: its name or text and its parameters, hashed.
[[nodiscard]] std::string fingerprint_of(std::string_view text, std::span<const value> parameters);

/// The same of a bulk insert. Takes all rows once.
[[nodiscard]] std::string
fingerprint_of(std::string_view table, std::span<const std::string_view> columns, row_source& rows);

/// A token that names a keyed operation and when it began: "hf1.1763600000.booking-42".
struct key_token {
  std::int64_t began = 0; ///< seconds since 1970; 0: not known
  std::string key;
};
[[nodiscard]] std::string to_string(const key_token&);
/// A bare key is a token that does not know when it began.
[[nodiscard]] key_token parse_key_token(std::string_view token);

/// The stored row of a key.
struct stored_operation {
  std::optional<std::string> fingerprint; ///< none: a tombstone
  std::optional<std::string> result;      ///< JSON
  bool tombstone = false;                 ///< settled as not committed
};

enum class claim : std::uint8_t {
  fresh, ///< inserted: no operation with this key has committed or ever will but ours
  taken, ///< a row is there, or is about to be
};

/// Inserts the key in the open transaction. After `taken` the transaction is failed: roll it back.
[[nodiscard]] task<result<claim>> claim_key(runtime& rt, drivers::sql_connection& on,
                                            const drivers::operation_table_sql& table,
                                            std::string_view key, std::string_view fingerprint,
                                            deadline until);
[[nodiscard]] task<result<void>> store_result(runtime& rt, drivers::sql_connection& on,
                                              const drivers::operation_table_sql& table,
                                              std::string_view key, std::string_view json,
                                              deadline until);
/// Outside a transaction. Empty if there is no such row.
[[nodiscard]] task<result<std::optional<stored_operation>>>
read_operation(runtime& rt, drivers::sql_connection& on, const drivers::operation_table_sql& table,
               std::string_view key, deadline until);

/// Makes sure that the table is there. Errors: operation_table_missing, with the DDL to run.
class ensure_table_work final : public work {
public:
  ensure_table_work(const drivers::sql_driver& engine, bool create) noexcept
      : engine_{engine}, create_{create} {}
  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;

private:
  const drivers::sql_driver& engine_;
  bool create_;
};

/// Settles a key for good: committed, or never.
class outcome_work final : public work {
public:
  outcome_work(const drivers::sql_driver& engine, key_token token)
      : engine_{engine}, token_{std::move(token)} {}
  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;
  [[nodiscard]] outcome answer() const noexcept { return answer_; }

private:
  [[nodiscard]] task<result<outcome>> bury(runtime& rt, drivers::sql_connection& on,
                                           const call_terms& terms);
  [[nodiscard]] task<result<bool>> may_be_pruned(runtime& rt, drivers::sql_connection& on,
                                                 const call_terms& terms);

  const drivers::sql_driver& engine_;
  key_token token_;
  outcome answer_ = outcome::unknown;
};

} // namespace holdfast::detail
