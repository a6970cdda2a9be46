// The Asio forms: the same coroutines, on a strand of the caller's executor.
#include "database/database_core.hpp"
#include "database/statement_work.hpp"
#include "runtime/asio_runtime.hpp"
#include "runtime/system.hpp"

#include <holdfast/asio.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <mutex>
#include <unistd.h>
#include <vector>

namespace holdfast::detail {

namespace asio = boost::asio;

namespace {

/// The runtime of one asynchronous operation, on a strand of its own.
class operation_runtime final : public asio_runtime {
public:
  operation_runtime(any_io_executor strand, database_core& core)
      : asio_runtime{std::move(strand), core.loop()->blocking(), &core.background()} {}

  /// On the strand.
  void cancel_all() {
    cancel();
    inner_.emit(asio::cancellation_type::terminal);
  }
  [[nodiscard]] asio::cancellation_slot inner_slot() noexcept { return inner_.slot(); }

private:
  asio::cancellation_signal inner_;
};

class context_watch;

struct async_operation {
  async_operation(any_io_executor strand, std::shared_ptr<database_core> c)
      : core{std::move(c)}, rt{std::move(strand), *core} {}
  inline ~async_operation();
  async_operation(const async_operation&) = delete;
  async_operation& operator=(const async_operation&) = delete;

  std::shared_ptr<database_core> core; // kept until the end
  operation_runtime rt;
  context_watch* watch = nullptr;
  std::size_t place = 0; // there
};

/// Of one context: ends the operations that are under way on it when it is destroyed. What waits
/// is in no handler of Asio's that would take it along, and others hold it: the pool, a worker.
class context_watch final : public asio::execution_context::service {
public:
  using key_type = context_watch;
  static asio::execution_context::id id;

  explicit context_watch(asio::execution_context& context) : service{context} {}

  void add(const std::shared_ptr<async_operation>& op) {
    const std::lock_guard lock{mutex_};
    op->place = running_.size();
    op->watch = this;
    running_.push_back({op, op.get()});
  }
  void remove(const async_operation& op) {
    const std::lock_guard lock{mutex_};
    running_[op.place] = std::move(running_.back()); // itself, perhaps
    running_[op.place].raw->place = op.place;
    running_.pop_back();
  }

private:
  struct entry {
    std::weak_ptr<async_operation> held;
    async_operation* raw;
  };

  void shutdown() override {
    if (::getpid() != home_) return; // after a fork the threads that we would wait for are not here
    std::vector<std::shared_ptr<async_operation>> alive;
    {
      const std::lock_guard lock{mutex_};
      for (const auto& one : running_)
        if (auto op = one.held.lock()) alive.push_back(std::move(op));
    }
    for (const auto& op : alive) op->rt.abandon();
  }

  const pid_t home_ = ::getpid();
  std::mutex mutex_; // guards running_
  std::vector<entry> running_;
};

asio::execution_context::id context_watch::id;

async_operation::~async_operation() {
  if (watch) watch->remove(*this);
}

} // namespace

void start_async(const any_io_executor& executor, std::shared_ptr<database_core> core,
                 std::function<task<void>(runtime&)> body, asio::cancellation_slot slot) {
  const any_io_executor strand = asio::make_strand(executor);
  auto op = std::make_shared<async_operation>(strand, std::move(core));
  asio::use_service<context_watch>(asio::query(executor, asio::execution::context)).add(op);
  if (slot.is_connected())
    // Slots are not thread-safe: the handler only passes the word on to the strand. It holds no
    // executor: the slot may outlive the context.
    slot.assign([weak = std::weak_ptr{op}](asio::cancellation_type) {
      const auto told = weak.lock();
      if (!told) return;
      asio::post(told->rt.executor(), [weak] {
        if (const auto alive = weak.lock()) alive->rt.cancel_all();
      });
    });
  asio::post(strand, [op, body = std::move(body)] { run_root(body(op->rt), [op] {}); });
}

const any_io_executor& strand_of(runtime& rt) noexcept {
  return static_cast<asio_runtime&>(rt).executor();
}

asio::cancellation_slot inner_slot_of(runtime& rt) noexcept {
  return static_cast<operation_runtime&>(rt).inner_slot();
}

void start_here(task<void> work) {
  run_root(std::move(work), [] {});
}

resumption::resumption(runtime& rt, std::coroutine_handle<> waits)
    : visit_{&static_cast<asio_runtime&>(rt).begin_visit(waits)} {}

resumption::~resumption() {
  if (visit_) visit_->home.break_off(*visit_);
}

void resumption::operator()() {
  visit& ended = *std::exchange(visit_, nullptr);
  ended.home.end_visit(ended);
}

runtime& home_of(transaction_core& tx) noexcept { return tx.home(); }

owned_call::owned_call(std::shared_ptr<database_core> c, const call_options& o, const sql& s,
                       std::span<const value> p)
    : core{std::move(c)}, options{o}, text{s.text}, name{o.name}, key{o.operation_key},
      trace_id{o.trace_id}, caller{s.caller}, parameters{p.begin(), p.end()},
      what{text, parameters} {
  options.name = name;
  options.operation_key = key;
  options.trace_id = trace_id;
}

owned_transaction::owned_transaction(std::shared_ptr<database_core> c, const transaction_options& o,
                                     std::source_location where)
    : core{std::move(c)}, options{o}, name{o.name}, key{o.operation_key}, trace_id{o.trace_id},
      caller{where} {
  options.name = name;
  options.operation_key = key;
  options.trace_id = trace_id;
}

// Without a frame of its own: thousands may wait, and whoever started it keeps the call.
task<result<statement_result>> run_owned(runtime& rt, owned_call_ptr call, row_sink* rows) {
  return call->core->execute(rt, call->what, rows, call->options, call->caller);
}

task<result<void>> script_owned(runtime& rt, owned_call_ptr call) {
  co_return co_await call->core->script(rt, call->text, call->options, call->caller);
}

task<result<std::uint64_t>> insert_owned(runtime& rt, owned_call_ptr call,
                                         std::vector<std::string> columns, make_row_source rows) {
  if (auto bad = read_option_problem(call->options, "insert_many")) co_return std::move(*bad);
  const std::vector<std::string_view> names{columns.begin(), columns.end()};
  insert_block body{call->text, names, rows};
  const transaction_options how = transaction_options_of(call->options);
  std::string fingerprint = body.fingerprint(how);
  auto end = co_await call->core->transact(rt, how, call->caller, body, std::move(fingerprint));
  if (!end.outcome) co_return std::move(end.outcome.error());
  co_return body.rows_affected();
}

task<result<outcome>> outcome_owned(runtime& rt, owned_call_ptr call) {
  co_return co_await call->core->outcome_of(rt, call->text);
}

task<block_end> transact_owned(runtime& rt, const owned_transaction& how, block& body) {
  co_return co_await how.core->transact(rt, how.options, how.caller, body);
}

task<result<statement_result>> run_in(transaction_core& tx, owned_call_ptr call, row_sink* rows) {
  return tx.execute(call->what, rows);
}

task<result<stream_ptr>> open_owned(runtime& rt, owned_call_ptr call, row_sink& first) {
  return call->core->open_stream(rt, call->what, call->options, call->caller, first);
}

task<result<stream_ptr>> open_in(transaction_core& tx, owned_call_ptr call, row_sink& first) {
  return tx.open_stream(call->what, first);
}

task<result<void>> script_in(transaction_core& tx, owned_call_ptr call) {
  co_return co_await tx.script(call->text);
}

task<block_end> savepoint_in(transaction_core& tx, block& body) {
  co_return co_await tx.savepoint(body);
}

} // namespace holdfast::detail
