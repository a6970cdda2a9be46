#include "database/observers.hpp"

namespace holdfast::detail {

namespace {

constexpr std::size_t user_event_capacity = 4096;

/// Whoever publishes knows one thing each (the pool its connection, the breaker its state); this
/// fills in the rest.
class labelled final : public observer {
public:
  labelled(std::string database, std::string host, observer_ptr next)
      : database_{std::move(database)}, host_{std::move(host)}, next_{std::move(next)} {}

  void on_event(const event& e) noexcept override {
    if (!e.database.empty() && (!e.host.empty() || host_.empty())) return next_->on_event(e);
    event full = e;
    if (full.database.empty()) full.database = database_;
    if (full.host.empty()) full.host = host_;
    next_->on_event(full);
  }
  [[nodiscard]] event_set interests() const noexcept override { return next_->interests(); }

private:
  std::string database_;
  std::string host_;
  observer_ptr next_;
};

/// What happens with every healthy operation is counted where it happens, without an event.
class without_counted final : public observer {
public:
  explicit without_counted(observer_ptr next) : next_{std::move(next)} {}
  void on_event(const event& e) noexcept override { next_->on_event(e); }
  [[nodiscard]] event_set interests() const noexcept override {
    return next_->interests() - event_set{event_kind::acquired, event_kind::released};
  }

private:
  observer_ptr next_;
};

/// Each event to the metrics of its host. One that names none never got to a host: it counts for
/// the database as a whole.
class by_host final : public observer {
public:
  by_host(std::vector<std::string> hosts, std::vector<std::shared_ptr<host_metrics>> measures,
          std::shared_ptr<host_metrics> whole)
      : hosts_{std::move(hosts)}, measures_{std::move(measures)}, whole_{std::move(whole)} {}

  void on_event(const event& e) noexcept override {
    for (std::size_t i = 0; i < hosts_.size(); ++i)
      if (e.host == hosts_[i]) return measures_[i]->on_event(e);
    whole_->on_event(e);
  }
  [[nodiscard]] event_set interests() const noexcept override { return whole_->interests(); }

private:
  std::vector<std::string> hosts_;
  std::vector<std::shared_ptr<host_metrics>> measures_; // in the same order
  std::shared_ptr<host_metrics> whole_;
};

task<void> run_job(std::shared_ptr<runtime> rt, std::function<void()> work) {
  co_await rt->offload(std::move(work));
}

result<std::shared_ptr<event_log>> make_log(const log_options& options) {
  if (!options.enabled) return std::shared_ptr<event_log>{};
  auto logger = open_logger(options);
  if (!logger) return std::move(logger.error());
  return event_log::create(std::move(*logger), options);
}

} // namespace

task<void> flush_log(std::shared_ptr<runtime> rt, std::weak_ptr<event_log> log, duration window) {
  while (co_await rt->sleep_until(rt->now() + window) != wait_status::cancelled) {
    const auto alive = log.lock();
    if (!alive) co_return;
    alive->flush(rt->now());
  }
}

result<std::shared_ptr<database_observers>> make_observers(const database_options& options,
                                                           const std::vector<std::string>& hosts,
                                                           std::shared_ptr<runtime> background,
                                                           observer_ptr extra) {
  auto made = std::make_shared<database_observers>();
  auto log = make_log(options.log);
  if (!log) return std::move(log.error());
  made->log = std::move(*log);
  auto history = event_history::create();
  if (!history) return std::move(history.error());
  made->history = std::move(*history);
  const void* identity = made.get();
  auto schedule = [background](user_event_dispatcher::job work) {
    background->spawn(run_job(background, std::move(work)));
  };
  made->users =
      std::make_shared<user_event_dispatcher>(identity, user_event_capacity, std::move(schedule));
  if (options.metrics.enabled)
    for (const auto& host : hosts) made->measures.push_back(made->numbers.at(options.name, host));
  std::vector<observer_ptr> each{made->log, made->history, made->users, std::move(extra)};
  made->details = fan_out(each)->interests();
  const bool single = hosts.size() == 1;
  if (!made->measures.empty()) {
    observer_ptr counts = made->measures.front();
    if (!single)
      counts = std::make_shared<by_host>(hosts, made->measures, made->numbers.at(options.name, {}));
    each.push_back(std::make_shared<without_counted>(std::move(counts)));
  }
  made->all = std::make_shared<labelled>(options.name, single ? hosts.front() : std::string{},
                                         fan_out(std::move(each)));
  return made;
}

} // namespace holdfast::detail
