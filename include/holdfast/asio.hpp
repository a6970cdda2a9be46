#pragma once

#include <holdfast/async_row_stream.hpp>
#include <holdfast/async_transaction.hpp>
#include <holdfast/database.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace holdfast {

/// A database inside an Asio program. The same verbs; each returns `asio::awaitable`, or what the
/// token of `with` makes. Operations run on a strand of their own on the executor, and complete on
/// the handler's.
///
/// Arguments are moved into the operation. Cancellation works by Asio's slots and must be emitted
/// on the operation's executor, as everywhere in Asio. The executor's context, when destroyed, ends
/// the operations under way in its destructor; their handlers, unless of another context, are
/// destroyed uncalled. A cheap handle; shares its pool with the database that it came from.
///
/// g++ 12 frees some temporaries of a `co_await` expression twice: options are trivially
/// destructible for that reason; give callables a name, or let them capture by reference.
template <class Token>
class basic_async_database {
public:
  basic_async_database(std::shared_ptr<detail::database_core> core,
                       detail::any_io_executor executor, call_options options = {},
                       Token token = {})
      : core_{std::move(core)}, executor_{std::move(executor)}, options_{options},
        token_{std::move(token)} {}

  template <class... Args>
  auto execute(sql text, const Args&... args) const {
    auto call = own(text, args...);
    return start<std::uint64_t>(
        [call](runtime& rt) { return detail::count_rows(detail::run_owned(rt, call, nullptr)); });
  }

  template <class... Ts, class... Args>
  auto query(sql text, const Args&... args) const {
    return fetch<typed_rows<row<Ts...>>, std::vector<row<Ts...>>>(own(text, args...));
  }

  template <class T, class... Args>
  auto query_value(sql text, const Args&... args) const {
    return fetch<typed_value<T>, std::optional<T>>(own(text, args...));
  }

  /// Gives an `async_row_stream`.
  template <class... Ts, class... Args>
  auto stream(sql text, const Args&... args) const {
    using Row = row<Ts...>;
    auto call = own(text, args...);
    auto s =
        std::make_shared<detail::async_stream<Row>>(detail::async_stream<Row>{executor_, core_});
    return start<async_row_stream<Row>>([call, s](runtime& rt) {
      return detail::finish_opening<Row>(detail::open_owned(rt, call, s->batch), s);
    });
  }

  auto script(sql text) const {
    auto call = own(text);
    return start<void>([call](runtime& rt) { return detail::script_owned(rt, call); });
  }

  /// Rows are moved into the operation; see `sql_verbs::insert_many`.
  template <class Rows>
    requires std::ranges::forward_range<const Rows>
  auto insert_many(sql table, std::initializer_list<std::string_view> columns, Rows rows) const {
    auto call = own(table);
    auto source = std::make_shared<Rows>(std::move(rows));
    std::vector<std::string> names{columns.begin(), columns.end()};
    return start<std::uint64_t>([call, source, names](runtime& rt) {
      const detail::make_row_source open = [source] {
        return std::make_unique<detail::range_source<Rows>>(*source);
      };
      return detail::insert_owned(rt, call, names, open);
    });
  }

  /// `fn` is `asio::awaitable<R>(async_transaction&)` with a default-constructible R, and must
  /// outlive the call. The rules of `database::transaction`.
  template <class F>
  auto transaction(F& fn, std::source_location caller = std::source_location::current()) const {
    return run_block(transaction_options{}, caller, fn);
  }
  template <class F>
    requires storable_result<typename detail::awaitable_block<F>::R>
  auto transaction(const transaction_options& options, F& fn,
                   std::source_location caller = std::source_location::current()) const {
    return run_block(options, caller, fn);
  }

  [[nodiscard]] auto outcome_of(std::string_view key_or_token) const {
    auto call = own(sql{key_or_token});
    return start<outcome>([call](runtime& rt) { return detail::outcome_owned(rt, call); });
  }

  /// Other options, and another completion token, for the calls through the view.
  [[nodiscard]] basic_async_database with(call_options options) const {
    return {core_, executor_, options, token_};
  }
  template <class Other>
  [[nodiscard]] basic_async_database<Other> with(call_options options, Other token) const {
    return {core_, executor_, options, std::move(token)};
  }
  template <class Other>
    requires(!std::convertible_to<Other, call_options>)
  [[nodiscard]] basic_async_database<Other> with(Other token) const {
    return {core_, executor_, options_, std::move(token)};
  }

  [[nodiscard]] database_status status() const { return blocking().status(); }
  /// The same database for plain threads.
  [[nodiscard]] database blocking() const { return database{core_}; }
  [[nodiscard]] const detail::any_io_executor& get_executor() const noexcept { return executor_; }

private:
  template <class... Args>
  std::shared_ptr<detail::owned_call> own(const sql& text, const Args&... args) const {
    const auto parameters = to_parameters(args...);
    return std::make_shared<detail::owned_call>(core_, options_, text, parameters);
  }
  template <class T>
  auto start(detail::maker<T> make) const {
    return detail::async_run<T>(executor_, core_, std::move(make), Token{token_});
  }
  template <class Rows, class T>
  auto fetch(std::shared_ptr<detail::owned_call> call) const {
    auto rows = std::make_shared<Rows>();
    return start<T>([call, rows](runtime& rt) {
      return detail::collect<Rows, T>(detail::run_owned(rt, call, rows.get()), rows);
    });
  }
  template <class F>
  auto run_block(const transaction_options& options, std::source_location caller, F& fn) const {
    using R = typename detail::awaitable_block<F>::R;
    auto how = std::make_shared<detail::owned_transaction>(core_, options, caller);
    return start<R>([core = core_, how, &fn](runtime& rt) {
      return detail::transact_awaitable(rt, core, how, fn);
    });
  }

  std::shared_ptr<detail::database_core> core_;
  detail::any_io_executor executor_;
  call_options options_;
  Token token_;
};

/// Verbs return `asio::awaitable`.
class async_database : public basic_async_database<boost::asio::use_awaitable_t<>> {
public:
  using basic_async_database::basic_async_database;
};

template <class Executor>
async_database database::async(const Executor& executor) const {
  return async_database{core_, detail::any_io_executor{executor}};
}

} // namespace holdfast
