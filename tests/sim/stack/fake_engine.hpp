// An SQL engine that exists in virtual time only: accounts, marks and operation keys, real
// transactions, and a network and a server that fail by seed.
#pragma once

#include "drivers/sql_driver.hpp"

#include <holdfast/simulation.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::testing {

/// How often things go wrong, each as one in so many; 0: never.
struct fault_rates {
  std::uint32_t lost = 0;     ///< a message and its connection, on each of the two ways
  std::uint32_t late = 0;     ///< a COMMIT whose reply is lost and that takes effect later
  std::uint32_t stall = 0;    ///< a reply that takes long, or never comes
  std::uint32_t conflict = 0; ///< a serialization failure
  std::uint32_t connect = 0;  ///< a handshake that hangs, or finds the server full
};

/// What may befall one message, statement or COMMIT.
enum class mishap : std::uint8_t { lost, late, stall, conflict };

/// A script in place of the rates: it knows whose turn it is by the runtime that waits.
class mishap_source {
public:
  virtual ~mishap_source() = default;
  /// Whether this one strikes here and now, and how long it lasts.
  [[nodiscard]] virtual std::optional<duration> strikes(mishap what, const runtime& whose) = 0;
};

struct operation_row {
  std::optional<std::string> fingerprint{};
  std::optional<std::string> result{};
  bool tombstone = false;
  std::int64_t created = 0; ///< the world's clock, in seconds
};

/// What a transaction has done and not committed.
struct changes {
  std::map<std::int64_t, std::int64_t> money;
  std::vector<std::string> marks;
  std::map<std::string, operation_row> keys;
};

enum class fate : std::uint8_t { open, committing, committed, undone };

/// A transaction that can be asked for afterwards.
struct traced_transaction {
  fate what = fate::open;
  std::uint64_t session = 0;
  std::uint64_t start = 0; ///< the server's, as in `fake_store::starts`
};

/// The server: what is durable, and who is connected.
struct fake_store {
  explicit fake_store(simulator& w) : world{w} {}

  simulator& world;
  fault_rates rates;
  mishap_source* script = nullptr; ///< instead of the rates; null: none
  bool up = true;
  bool read_only = false;      ///< new sessions come to a demoted primary
  std::uint64_t demotions = 0; ///< sessions of before take no writes any more
  bool hanging = false;        ///< handshakes are never answered
  bool full = false;           ///< no place for another session
  std::uint32_t capacity = 0;  ///< statements that run at full speed together; 0: any number
  std::uint32_t working = 0;   ///< statements that run
  duration slow_once{};        ///< of the next message, if above zero
  std::uint64_t starts = 0;    ///< sessions of an earlier start are gone

  std::map<std::int64_t, std::int64_t> balances;
  std::map<std::string, int> marks; ///< how often each write took effect
  std::map<std::string, operation_row> operations;
  std::optional<std::int64_t> low_water{}; ///< seconds; operations up to it may have been deleted
  std::int64_t youngest_deleted = -1;      ///< age in seconds of the youngest key ever deleted
  bool table = false;
  std::map<std::string, std::uint64_t> claimed; ///< keys of open transactions, and whose
  std::uint64_t sessions = 0;                   ///< made so far
  std::uint64_t credential = 0; ///< what a client finds in its file, and the server takes
  std::map<std::uint64_t, std::uint64_t> entered; ///< open sessions, and with which credential
  bool traces = false;                            ///< names transactions
  std::map<std::uint64_t, traced_transaction> transactions; ///< by their ids, those that are named
  std::set<std::uint64_t> ended;                            ///< sessions that another one ended
  int open = 0;                                             ///< connections that the client holds
  int misused = 0; ///< calls on a connection whose error said "never again", or by two at once
  std::uint64_t applied = 0; ///< commits that changed something

  // One of several.
  std::string name = "fake:1";
  host_role role = host_role::primary;
  std::uint64_t history = 1;
  std::uint64_t position = 1; ///< changes that are in force
  duration lag{};             ///< until its followers have a change; 0: before it is answered
  std::vector<std::shared_ptr<fake_store>> followers;
  std::map<std::uint64_t, int> refused; ///< writes that it does not take, by session
  std::uint64_t reads = 0;

  [[nodiscard]] bool happens(std::uint32_t one_in) {
    return one_in != 0 && world.random() % one_in == 0;
  }
  /// As the script says; without one, by the rates.
  [[nodiscard]] std::optional<duration> strikes(mishap what, const runtime& whose);
  [[nodiscard]] duration some(duration most) {
    return duration{
        static_cast<duration::rep>(world.random() % static_cast<std::uint64_t>(most.count()))};
  }
  [[nodiscard]] std::int64_t total() const;
  [[nodiscard]] std::int64_t seconds() const;
  void apply(const changes& c);
  void let_go(std::uint64_t session);
  /// Takes over from `from`, whatever that one thinks of it.
  void promote(const fake_store& from);
  /// As another that follows this one.
  void follow_with(const std::shared_ptr<fake_store>& follower);
  /// Who was superseded is down, forgets its own past, and follows its successor once it is up.
  static void rejoin(const std::shared_ptr<fake_store>& old,
                     const std::shared_ptr<fake_store>& successor);
  /// Cuts every session; what was not committed is undone.
  void stop();
  void start() { up = true; }
};

class fake_connection final : public drivers::sql_connection {
public:
  explicit fake_connection(std::shared_ptr<fake_store> store);
  ~fake_connection() override { close(); }

  task<result<void>> perform(runtime& rt, statement what, row_sink* rows, statement_result& done,
                             deadline until) override;
  task<result<drivers::cursor_ptr>> open_rows(runtime& rt, statement what, deadline until) override;
  task<result<void>> script(runtime& rt, std::string_view sql, deadline until) override;
  task<result<void>> begin(runtime& rt, drivers::begin_options how, deadline until) override;
  task<result<void>> commit(runtime& rt, deadline until) override;
  task<result<void>> rollback(runtime& rt, deadline until) override;
  task<result<void>> savepoint(runtime& rt, std::uint32_t depth, deadline until) override;
  task<result<void>> release_savepoint(runtime& rt, std::uint32_t depth, deadline until) override;
  task<result<void>> rollback_to_savepoint(runtime& rt, std::uint32_t depth,
                                           deadline until) override;
  [[nodiscard]] std::string transaction_token() const override;
  task<result<outcome>> settle(runtime& rt, std::string_view token, deadline until) override;
  task<result<void>> ping(runtime& rt, deadline until) override;
  task<result<void>> reset(runtime& rt, deadline until) override;
  [[nodiscard]] host_role role() const noexcept override { return told_; }
  task<result<drivers::server_state>> examine(runtime& rt, deadline until) override;

  [[nodiscard]] bool dirty() const noexcept override { return false; }
  void mark_clean() noexcept override {}
  [[nodiscard]] drivers::transaction_status in_transaction() const noexcept override {
    return broken_ ? drivers::transaction_status::unknown : status_;
  }
  [[nodiscard]] bool usable() const noexcept override { return !broken_; }
  [[nodiscard]] std::string_view peer() const noexcept override { return "fake:1"; }
  void interrupt() noexcept override { broken_ = true; }
  void close() noexcept override;

private:
  /// One way of a message. Errors: the connection is lost, the deadline, a cancellation.
  [[nodiscard]] task<result<void>> travel(runtime& rt, deadline until);
  [[nodiscard]] task<result<void>> round_trip(runtime& rt, deadline until);
  /// The more statements run at once, the longer each takes, once there are more than `capacity`.
  [[nodiscard]] task<result<void>> work(runtime& rt, deadline until);
  /// Waits for whoever has claimed the key in an open transaction.
  [[nodiscard]] task<result<void>> wait_for_claim(runtime& rt, std::string key, deadline until);
  [[nodiscard]] result<statement_result> run(runtime& rt, const statement& what, row_sink* rows);
  [[nodiscard]] result<statement_result> select(const statement& what, row_sink* rows);
  [[nodiscard]] result<statement_result> insert_key(const statement& what);
  [[nodiscard]] statement_result delete_keys(const statement& what);
  [[nodiscard]] error broken(errc code, std::string message);
  [[nodiscard]] error failed_statement(errc code, std::string message);
  [[nodiscard]] bool gone() const {
    return broken_ || store_->starts != start_ || !store_->up || store_->ended.contains(id_);
  }
  [[nodiscard]] bool demoted() const { return store_->read_only || demotion_ != store_->demotions; }
  void end_transaction(bool keep);
  void commit_later();
  [[nodiscard]] result<void> commit_now(runtime& rt);

  std::shared_ptr<fake_store> store_;
  std::uint64_t id_;
  std::uint64_t start_;
  std::uint64_t demotion_;
  bool broken_ = false;
  bool condemned_ = false; // an error told the client so
  bool closed_ = false;
  bool travelling_ = false;
  drivers::transaction_status status_ = drivers::transaction_status::none;
  [[nodiscard]] error read_only();

  changes changes_;
  host_role told_;          // as of the last reply
  std::uint64_t named_ = 0; // the id of the open transaction, or of the last
};

class fake_driver final : public drivers::sql_driver {
public:
  explicit fake_driver(std::shared_ptr<fake_store> store) : store_{std::move(store)} {}

  [[nodiscard]] std::string_view engine() const noexcept override { return "fake"; }
  [[nodiscard]] std::string_view host() const noexcept override { return store_->name; }
  task<result<drivers::connection_ptr>> open(runtime& rt, deadline until) override;
  [[nodiscard]] std::uint64_t rotations() const noexcept override { return rotations_; }
  [[nodiscard]] bool condemns_host(const error& e) const noexcept override {
    return e.code == errc::connect_refused || e.code == errc::server_starting;
  }
  [[nodiscard]] const drivers::operation_table_sql& operation_table() const noexcept override;
  [[nodiscard]] bool traces(std::string_view token) const noexcept override {
    return token.starts_with("fake.");
  }
  [[nodiscard]] bool single_writer() const noexcept override { return false; }
  [[nodiscard]] bool writes(std::string_view sql) const noexcept override {
    return !sql.starts_with("SELECT");
  }
  [[nodiscard]] std::string placeholder(std::uint32_t position) const override {
    return "$" + std::to_string(position);
  }
  [[nodiscard]] std::uint32_t max_parameters() const noexcept override { return 100; }

private:
  std::shared_ptr<fake_store> store_;
  std::optional<std::uint64_t> last_credential_;
  std::uint64_t rotations_ = 0;
};

} // namespace holdfast::testing
