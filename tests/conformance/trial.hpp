// One case on one engine: what every case uses to play and to object.
#pragma once

#include "chaos/verdict.hpp"
#include "conformance/witness.hpp"

#include <holdfast/database.hpp>
#include <holdfast/fault_proxy.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::conformance {

using namespace std::chrono_literals;

/// Threads: one user; `operator()` any.
class trial {
public:
  explicit trial(witness& engine) noexcept : at{engine} {}

  witness& at;
  matrix::verdict out{};

  template <class... Args>
  void demand(bool holds, fmt::format_string<Args...> otherwise, Args&&... args) {
    out.demand(holds, otherwise, std::forward<Args>(args)...);
  }

  /// SQL in this engine's words: #1 is its first placeholder, {bytes} its type for bytes, …
  [[nodiscard]] std::string operator()(std::string_view text) const;

  /// As `app`, by the front door, without a log.
  [[nodiscard]] database open(database_options options = {}) const;
  [[nodiscard]] database open(const entry& how, database_options options) const;
  /// Why a connect fails; objects and gives an empty error if it does not, or takes too long.
  [[nodiscard]] error refusal_of(const entry& how, database_options options = {});

  /// A proxy before the server, its own for each case.
  [[nodiscard]] fault_proxy& door();
  [[nodiscard]] entry by_door() { return {.port = door().port()}; }
  /// Does this to the connections that are there, and not to those that come.
  void harm_now(const char* rule) { door().remove(door().add(rule)); }

  /// Demands that it failed like this, and with no effect.
  void demand_error(const error& e, errc code, category kind);
  template <class T>
  void demand_error(const result<T>& r, errc code, category kind) {
    demand(!r, "no error instead of {}", to_string(code));
    if (!r) demand_error(r.error(), code, kind);
  }

private:
  std::optional<fault_proxy> door_;
};

/// One connection, no health checks: what a case sees is what it did.
[[nodiscard]] database_options one_connection();

/// Polls; false after `limit`.
[[nodiscard]] bool soon(const std::function<bool()>& holds, duration limit = 5s);

/// The error that `f` throws; empty if it throws none.
template <class F>
std::optional<error> thrown_by(F&& f) {
  try {
    f();
  } catch (const database_error& e) {
    return e.details();
  }
  return std::nullopt;
}

/// Writes that show whether they are lost or made twice: the table has no key. What needs no more
/// of an engine than this is asked through it, so that one without SQL can join.
class till {
public:
  explicit till(trial& t);

  /// Notes `id`, by this database or a view of it.
  template <class Verbs>
  [[nodiscard]] result<std::uint64_t> put(Verbs&& by, std::int64_t id) const {
    return by.try_execute(sql{put_}, id);
  }
  /// How often it is there.
  template <class Verbs>
  [[nodiscard]] std::int64_t times(Verbs&& by, std::int64_t id) const {
    return by.template query_value<std::int64_t>(sql{times_}, id).value_or(0);
  }
  template <class Verbs>
  [[nodiscard]] std::vector<std::int64_t> all(Verbs&& by) const {
    return by.template query<std::int64_t>("select id from entry order by id");
  }

private:
  std::string put_;
  std::string times_;
};

/// A table `thousand` of so many rows, 0 to 999: joined with itself it gives results of any length.
void make_thousand(trial& t, database& db);

/// More rows than anybody can wait for. `by` needs the table `thousand`.
inline constexpr std::string_view endless =
    "select count(*) from thousand a cross join thousand b cross join thousand c "
    "cross join thousand endless where a.id + b.id + c.id + endless.id < 0";

} // namespace holdfast::conformance
