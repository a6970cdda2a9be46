#pragma once

#include <holdfast/detail/pool_core.hpp>
#include <holdfast/exceptions.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

// g++ 12 warns of the frames of coroutine templates over a type with internal linkage, which a
// user's connection in an anonymous namespace rightly is.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

namespace holdfast {

/// User functions for the moments of a connection. They may block and throw: they run where that
/// holds up nobody else, one at a time for each connection. Calling the same pool from one is a
/// mistake: it may wait for itself.
template <class C>
struct pool_hooks {
  /// After a connect, and again after each reset, which undoes what this did. An error fails the
  /// connect.
  std::function<result<void>(C&)> after_connect{};
  /// At each borrow, on the borrower's time. An error closes the connection and takes another.
  std::function<result<void>(C&)> before_acquire{};
  /// After each return, in the background, before the reset. An error closes the connection.
  std::function<result<void>(C&)> after_release{};
  std::function<void(C&)> before_close{};
};

namespace detail {

template <class T>
struct verb_value {
  using type = T;
};
template <class T>
struct verb_value<result<T>> {
  using type = T;
};
template <class T>
struct verb_value<task<T>> : verb_value<T> {};

[[nodiscard]] error verb_refused(std::string_view verb);
/// Of the exception that is being handled.
[[nodiscard]] error verb_threw(std::string_view verb);

/// `T`, `result<T>`, and for a verb without a value `bool`, all as result<T>.
template <class T, class R>
result<T> verb_result(R&& r, std::string_view verb) {
  if constexpr (std::is_void_v<T> && std::same_as<std::remove_cvref_t<R>, bool>) {
    if (!r) return verb_refused(verb);
    return {};
  } else {
    return std::forward<R>(r);
  }
}

/// Runs one verb: a task as it is, a plain function where it may block. Never throws.
template <class T, class Call>
task<result<T>> run_verb(runtime& rt, std::string_view verb, Call call) {
  using R = std::invoke_result_t<Call&>;
  std::optional<error> thrown;
  try {
    if constexpr (std::same_as<R, task<void>>) {
      co_await call();
      co_return result<void>{};
    } else if constexpr (is_task<R>) {
      auto given = co_await call();
      co_return verb_result<T>(std::move(given), verb);
    } else if constexpr (std::is_void_v<R>) {
      const std::function<void()> body = [&call] { call(); };
      co_await rt.offload(std::ref(body));
      co_return result<void>{};
    } else {
      std::optional<R> given;
      const std::function<void()> body = [&] { given.emplace(call()); };
      co_await rt.offload(std::ref(body));
      co_return verb_result<T>(std::move(*given), verb);
    }
  } catch (...) {
    thrown = verb_threw(verb);
  }
  co_return std::move(*thrown);
}

// A verb takes what it needs of (runtime&, connection&, deadline), in that order.
template <class Connector>
decltype(auto) call_open(Connector& k, runtime& rt, deadline until) {
  if constexpr (requires { k.open(rt, until); })
    return k.open(rt, until);
  else if constexpr (requires { k.open(until); })
    return k.open(until);
  else
    return k.open();
}
template <class Connector, class C>
decltype(auto) call_ping(Connector& k, runtime& rt, C& c, deadline until) {
  if constexpr (requires { k.ping(rt, c, until); })
    return k.ping(rt, c, until);
  else if constexpr (requires { k.ping(c, until); })
    return k.ping(c, until);
  else
    return k.ping(c);
}
template <class Connector, class C>
decltype(auto) call_reset(Connector& k, runtime& rt, C& c, deadline until) {
  if constexpr (requires { k.reset(rt, c, until); })
    return k.reset(rt, c, until);
  else if constexpr (requires { k.reset(c, until); })
    return k.reset(c, until);
  else
    return k.reset(c);
}
template <class Connector, class C>
decltype(auto) call_close(Connector& k, runtime& rt, C& c) {
  if constexpr (requires { k.close(rt, c); })
    return k.close(rt, c);
  else
    return k.close(c);
}

/// What a connector opens.
template <class Connector>
using opened_by = typename verb_value<decltype(call_open(
    std::declval<Connector&>(), std::declval<runtime&>(), std::declval<deadline>()))>::type;

} // namespace detail

/// What `pool<C>` needs: `open ping reset close`. Each is a task over a runtime, or a plain
/// function that may block and throw:
///
///     open()            open(until)      open(rt, until)       a C, result<C> or task<result<C>>
///     ping(c)           ping(c, until)   ping(rt, c, until)    void, bool, result<void>, or a task
///     reset(c)          reset(c, until)  reset(rt, c, until)   as ping
///     close(c)                           close(rt, c)          void, or a task
///
/// Optional, none of them may block or throw: `bool dirty(const C&)` (does the session need a
/// reset? without it: always), `bool usable(const C&)`, `void interrupt(C&)` (from any thread:
/// breaks what the connection is doing, so that the server ends it), `bool condemns(const error&)`
/// (this failed connect means that the host is down: clear the pool).
///
/// All verbs are called from several threads at once, for different connections.
template <class K, class C>
concept connector_of =
    std::move_constructible<C> && requires(K& k, runtime& rt, C& c, deadline until) {
      requires std::same_as<detail::opened_by<K>, C>;
      detail::call_ping(k, rt, c, until);
      detail::call_reset(k, rt, c, until);
      detail::call_close(k, rt, c);
    };

namespace detail {

template <class C, class Connector>
class connector_adapter final : public connector_port {
public:
  connector_adapter(Connector connector, pool_hooks<C> hooks)
      : connector_{std::move(connector)}, hooks_{std::move(hooks)} {}

  traits abilities() const noexcept override {
    // Named first: clang-format 16 takes the braces of a requires expression inside an initialiser
    // for the ends of everything around it.
    constexpr bool interrupts = requires(Connector& k, C& c) { k.interrupt(c); };
    return {.check_each_borrow = static_cast<bool>(hooks_.before_acquire),
            .tend_each_release = static_cast<bool>(hooks_.after_release),
            .resets = true,
            .interrupts = interrupts};
  }

  task<result<void*>> open(runtime& rt, deadline until) override {
    const auto call = [this, &rt, until] { return call_open(connector_, rt, until); };
    auto opened = co_await run_verb<C>(rt, "open", call);
    if (!opened) co_return std::move(opened.error());
    auto made = std::make_unique<C>(std::move(*opened));
    auto welcomed = co_await hook(rt, "after_connect", hooks_.after_connect, *made);
    if (welcomed) co_return static_cast<void*>(made.release());
    co_await close(rt, made.release());
    co_return std::move(welcomed.error());
  }

  task<result<void>> ping(runtime& rt, void* c, deadline until) override {
    const auto call = [this, &rt, c, until] { return call_ping(connector_, rt, at(c), until); };
    co_return co_await run_verb<void>(rt, "ping", call);
  }

  task<result<void>> before_acquire(runtime& rt, void* c, deadline) override {
    co_return co_await hook(rt, "before_acquire", hooks_.before_acquire, at(c));
  }

  task<result<void>> tend(runtime& rt, void* c, bool reset, deadline until) override {
    auto seen = co_await hook(rt, "after_release", hooks_.after_release, at(c));
    if (!seen || !reset) co_return seen;
    const auto call = [this, &rt, c, until] { return call_reset(connector_, rt, at(c), until); };
    auto done = co_await run_verb<void>(rt, "reset", call);
    if (!done) co_return done;
    co_return co_await hook(rt, "after_connect", hooks_.after_connect, at(c));
  }

  task<void> close(runtime& rt, void* c) override {
    const std::unique_ptr<C> owned{&at(c)};
    if (hooks_.before_close) {
      const auto told = [this, c] { hooks_.before_close(at(c)); };
      (void)co_await run_verb<void>(rt, "before_close", told);
    }
    const auto call = [this, &rt, c] { return call_close(connector_, rt, at(c)); };
    (void)co_await run_verb<void>(rt, "close", call);
  }

  void destroy(void* c) noexcept override {
    const std::unique_ptr<C> owned{&at(c)};
    if constexpr (requires { connector_.close(*owned); }) {
      try {
        (void)connector_.close(*owned);
      } catch (...) { // closing a connection that is going away has nobody to tell
      }
    }
  }

  [[gnu::hot]] bool dirty(void* c) noexcept override {
    if constexpr (requires { connector_.dirty(at(c)); }) return connector_.dirty(at(c));
    return true;
  }

  [[gnu::hot]] bool usable(void* c) noexcept override {
    if constexpr (requires { connector_.usable(at(c)); }) return connector_.usable(at(c));
    return true;
  }

  void interrupt(void* c) noexcept override {
    if constexpr (requires { connector_.interrupt(at(c)); }) connector_.interrupt(at(c));
  }

  bool condemns(const error& e) noexcept override {
    if constexpr (requires { connector_.condemns(e); }) return connector_.condemns(e);
    return false;
  }

private:
  static C& at(void* c) noexcept { return *static_cast<C*>(c); }

  task<result<void>> hook(runtime& rt, std::string_view name,
                          const std::function<result<void>(C&)>& fn, C& c) {
    if (!fn) co_return result<void>{};
    const auto call = [&fn, &c] { return fn(c); };
    co_return co_await run_verb<void>(rt, name, call);
  }

  Connector connector_;
  const pool_hooks<C> hooks_;
};

} // namespace detail
} // namespace holdfast

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
