#include "database/operation_key.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>
#include <holdfast/sql_verbs.hpp>

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <openssl/evp.h>

namespace holdfast::detail {

namespace {

constexpr std::string_view token_prefix = "hf1.";

/// SHA-256 over length-prefixed fields, so that no two lists of fields read the same.
class digest {
public:
  digest() : context_{EVP_MD_CTX_new()} { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  digest(const digest&) = delete;
  digest& operator=(const digest&) = delete;
  ~digest() { EVP_MD_CTX_free(context_); }

  void add(const void* data, std::size_t size) {
    const std::uint64_t length = size;
    EVP_DigestUpdate(context_, &length, sizeof length);
    EVP_DigestUpdate(context_, data, size);
  }
  void add(std::string_view text) { add(text.data(), text.size()); }

  std::string hex() {
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_, raw, &size);
    std::string out;
    for (unsigned i = 0; i < size / 2; ++i) out += fmt::format("{:02x}", raw[i]);
    return out;
  }

private:
  EVP_MD_CTX* context_;
};

void add_value(digest& d, const value& v);

/// With their number: else ({}, {1, 2}) would read as ({{1}}, 2).
void add_items(digest& d, const value_array& items) {
  const std::uint64_t count = items.size();
  d.add(&count, sizeof count);
  for (const value& item : items) add_value(d, item);
}

void add_value(digest& d, const value& v) {
  const auto kind = static_cast<char>(v.type());
  d.add(&kind, 1);
  std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::string>)
          d.add(x);
        else if constexpr (std::is_same_v<T, bytes>)
          d.add(x.data(), x.size());
        else if constexpr (std::is_same_v<T, numeric>)
          d.add(x.digits);
        else if constexpr (std::is_same_v<T, json_text>)
          d.add(x.text);
        else if constexpr (std::is_same_v<T, value_array>)
          add_items(d, x);
        else if constexpr (!std::is_same_v<T, null_t>)
          d.add(&x, sizeof x);
      },
      v);
}

} // namespace

std::optional<error> key_problem(std::string_view key) {
  const bool control = std::ranges::any_of(key, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
  if (!key.empty() && key.size() <= longest_key && !control) return std::nullopt;
  return make_error(errc::invalid_configuration,
                    fmt::format("operation_key: given {} bytes{}; takes 1 to {} bytes of text "
                                "without control characters",
                                key.size(), control ? " with a control character" : "",
                                longest_key));
}

std::string fingerprint_of(std::string_view text, std::span<const value> parameters) {
  digest d;
  d.add(text);
  for (const value& v : parameters) add_value(d, v);
  return d.hex();
}

std::string fingerprint_of(std::string_view table, std::span<const std::string_view> columns,
                           row_source& rows) {
  digest d;
  d.add(table);
  const std::uint64_t width = columns.size();
  d.add(&width, sizeof width);
  for (const std::string_view column : columns) d.add(column);
  for (value_array row; rows.next(row); row.clear()) add_items(d, row);
  return d.hex();
}

std::string to_string(const key_token& t) {
  return fmt::format("{}{}.{}", token_prefix, t.began, t.key);
}

key_token parse_key_token(std::string_view token) {
  key_token bare{0, std::string{token}};
  if (!token.starts_with(token_prefix)) return bare;
  const auto rest = token.substr(token_prefix.size());
  const auto dot = rest.find('.');
  if (dot == std::string_view::npos) return bare;
  std::int64_t began = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + dot, began);
  if (failed != std::errc{} || end != rest.data() + dot) return bare;
  return {began, std::string{rest.substr(dot + 1)}};
}

task<result<claim>> claim_key(runtime& rt, drivers::sql_connection& on,
                              const drivers::operation_table_sql& table, std::string_view key,
                              std::string_view fingerprint, deadline until) {
  const auto parameters = to_parameters(key, fingerprint);
  const statement what{table.insert_key, parameters};
  auto done = co_await on.execute(rt, what, nullptr, until);
  if (done) co_return claim::fresh;
  // Nothing else in this statement can collide.
  if (done.error().code == errc::unique_violation) co_return claim::taken;
  co_return std::move(done.error());
}

task<result<void>> store_result(runtime& rt, drivers::sql_connection& on,
                                const drivers::operation_table_sql& table, std::string_view key,
                                std::string_view json, deadline until) {
  const auto parameters = to_parameters(json, key);
  const statement what{table.store_result, parameters};
  auto done = co_await on.execute(rt, what, nullptr, until);
  if (!done) co_return std::move(done.error());
  if (done->rows_affected == 1) co_return result<void>{};
  auto other = make_error(errc::implicit_commit,
                          "a statement of the block ended the transaction that held its operation "
                          "key and began another; what came before it may be in force");
  other.effect = side_effect::unknown;
  co_return other;
}

task<result<std::optional<stored_operation>>>
read_operation(runtime& rt, drivers::sql_connection& on, const drivers::operation_table_sql& table,
               std::string_view key, deadline until) {
  const auto parameters = to_parameters(key);
  const statement what{table.read_key, parameters};
  typed_rows<stored_operation> rows;
  auto done = co_await on.execute(rt, what, &rows, until);
  if (!done) co_return std::move(done.error());
  auto found = rows.take();
  if (!found) co_return std::move(found.error());
  if (found->empty()) co_return std::optional<stored_operation>{};
  co_return std::optional<stored_operation>{std::move(found->front())};
}

task<result<void>> ensure_table_work::attempt(runtime& rt, drivers::sql_connection& on,
                                              const call_terms& terms) {
  const auto& table = engine_.operation_table();
  const statement question{table.exists, {}};
  typed_rows<value> rows;
  auto asked = co_await on.execute(rt, question, &rows, terms.until);
  if (!asked) co_return std::move(asked.error());
  const auto found = rows.take();
  if (found && !found->empty()) co_return result<void>{};
  if (create_) {
    auto made = co_await on.script(rt, table.create, terms.until);
    if (made || made.error().code != errc::permission_denied) co_return made;
  }
  auto missing = make_error(errc::operation_table_missing,
                            "operation keys need a table that is missing here" +
                                std::string{create_ ? " and that this role may not create" : ""} +
                                ". Run:\n" + table.create);
  co_return missing;
}

task<result<bool>> outcome_work::may_be_pruned(runtime& rt, drivers::sql_connection& on,
                                               const call_terms& terms) {
  if (token_.began == 0) co_return false;
  const statement question{engine_.operation_table().low_water, {}};
  typed_rows<std::optional<std::int64_t>> rows;
  auto asked = co_await on.execute(rt, question, &rows, terms.until);
  if (!asked) co_return std::move(asked.error());
  const auto mark = rows.take();
  if (!mark) co_return mark.error();
  if (mark->empty() || !mark->front()) co_return false;
  co_return token_.began <= *mark->front();
}

/// A tombstone that goes in proves that the operation has not committed, and bars it for good;
/// unless its row may have been there and was pruned. Then no tombstone stays, or the next to ask
/// would take it for that proof. Read committed: the mark must be read as it is after the insert.
task<result<outcome>> outcome_work::bury(runtime& rt, drivers::sql_connection& on,
                                         const call_terms& terms) {
  const drivers::begin_options how{isolation::read_committed};
  auto begun = co_await on.begin(rt, how, terms.until);
  if (!begun) co_return std::move(begun.error());
  const auto parameters = to_parameters(token_.key);
  const statement what{engine_.operation_table().insert_tombstone, parameters};
  auto done = co_await on.execute(rt, what, nullptr, terms.until);
  if (!done) co_return std::move(done.error());
  auto pruned = co_await may_be_pruned(rt, on, terms);
  if (!pruned) co_return std::move(pruned.error());
  if (*pruned) {
    auto undone = co_await on.rollback(rt, terms.until);
    if (!undone) co_return std::move(undone.error());
    co_return outcome::unknown;
  }
  auto committed = co_await on.commit(rt, terms.until);
  if (!committed) co_return std::move(committed.error());
  co_return outcome::not_committed;
}

task<result<void>> outcome_work::attempt(runtime& rt, drivers::sql_connection& on,
                                         const call_terms& terms) {
  auto buried = co_await bury(rt, on, terms);
  if (buried) {
    answer_ = *buried;
    co_return result<void>{};
  }
  if (buried.error().connection_usable &&
      on.in_transaction() != drivers::transaction_status::none) {
    auto undone = co_await on.rollback(rt, terms.until);
    if (!undone) co_return undone;
  }
  if (buried.error().code != errc::unique_violation) co_return std::move(buried.error());
  auto stored = co_await read_operation(rt, on, engine_.operation_table(), token_.key, terms.until);
  if (!stored) co_return std::move(stored.error());
  if (!*stored) // its owner rolled back in between: ask again
    co_return make_error(errc::serialization_failure, "the operation key changed meanwhile");
  answer_ = (*stored)->tombstone ? outcome::not_committed : outcome::committed;
  co_return result<void>{};
}

} // namespace holdfast::detail
