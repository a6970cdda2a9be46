// Telemetry under real threads: nothing is lost, nothing comes twice or out of order.
#include "telemetry/user_event_dispatcher.hpp"
#include "telemetry/user_hook.hpp"

#include <holdfast/event_history.hpp>
#include <holdfast/event_log.hpp>
#include <holdfast/metrics.hpp>

#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

constexpr int thread_count = 8;
constexpr int events_each = 20'000;

void in_threads(const std::function<void(int)>& work) {
  std::vector<std::jthread> threads;
  for (int n = 0; n < thread_count; ++n) threads.emplace_back([&work, n] { work(n); });
}

event make_event(event_kind kind) {
  event e;
  e.kind = kind;
  e.at = time_point{1h};
  e.database = "shop";
  e.host = "h";
  e.elapsed = 1ms;
  return e;
}

TEST(telemetry_threads, metrics_lose_no_event_while_scraped) {
  const metrics all;
  const auto host = all.at("shop", "h");
  std::jthread scraper{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_FALSE(all.text().empty());
  }};
  in_threads([&](int) {
    for (int i = 0; i < events_each; ++i)
      for (const auto kind :
           {event_kind::acquired, event_kind::released, event_kind::operation_ended,
            event_kind::connection_ready, event_kind::retry_scheduled})
        host->on_event(make_event(kind));
  });
  scraper = {};
  const auto total = std::to_string(thread_count * events_each);
  const auto text = all.text();
  const auto expect = [&](const std::string& series) {
    EXPECT_NE(text.find(series + " " + total + "\n"), std::string::npos) << series;
  };
  const std::string labels = "{database=\"shop\",host=\"h\"}";
  expect("db_client_connection_wait_time_seconds_count" + labels);
  expect("db_client_connection_use_time_seconds_count" + labels);
  expect("db_client_connection_create_time_seconds_count" + labels);
  expect("holdfast_retries_total" + labels);
  expect("holdfast_attempts_total{database=\"shop\",host=\"h\",outcome=\"success\"}");
  EXPECT_NE(text.find("db_client_connection_wait_time_seconds_sum" + labels + " 160\n"),
            std::string::npos);
}

TEST(telemetry_threads, handles_are_made_and_dropped_under_a_scrape) {
  const metrics all;
  in_threads([&](int n) {
    for (int i = 0; i < 300; ++i) {
      const auto host = all.at("shop", std::to_string(i % 3));
      host->read_pool_with([] { return gauge_readings{}; });
      host->on_event(make_event(event_kind::leak_suspected));
      const bool scrapes = n == 0;
      EXPECT_FALSE(scrapes && all.text().empty());
    }
  });
  EXPECT_EQ(all.text(), "");
}

TEST(telemetry_threads, history_and_log_count_every_event) {
  const auto history = event_history::create().value();
  std::ostringstream out;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
  auto logger = std::make_shared<spdlog::logger>("holdfast", sink);
  observer_ptr log = event_log::create(logger).value();
  auto fan = fan_out({history, std::move(log)});
  in_threads([&](int) {
    for (int i = 0; i < events_each; ++i) fan->on_event(make_event(event_kind::breaker_opened));
  });
  fan.reset(); // the log's last holder
  constexpr auto total = thread_count * events_each;
  EXPECT_EQ(history->last_hour(time_point{1h}).count(event_kind::breaker_opened, "h"), total);
  // 5 and the 100th, 1,000th, 10,000th and 100,000th were written.
  EXPECT_NE(out.str().find("suppressed=" + std::to_string(total - 9)), std::string::npos);
}

// Runs jobs one after another on a thread of its own.
class worker {
public:
  void post(std::function<void()> job) {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(job));
    wake_.notify_one();
  }

private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (wake_.wait(lock, stop, [&] { return !jobs_.empty(); })) {
      auto jobs = std::exchange(jobs_, {});
      lock.unlock();
      for (const auto& job : jobs) job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::function<void()>> jobs_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

TEST(telemetry_threads, user_functions_see_each_thread_in_order) {
  std::vector<std::uint64_t> last(thread_count, 0);
  std::uint64_t seen = 0;
  bool inside = true;
  std::uint64_t dropped = 0;
  {
    worker w;
    const auto dispatcher = std::make_shared<detail::user_event_dispatcher>(
        &last, 1'000, [&](auto job) { w.post(std::move(job)); });
    dispatcher->subscribe([&](const owned_event& e) {
      ++seen;
      inside = inside && detail::inside_user_hook(&last);
      EXPECT_LT(last[e.attempt], e.connection);
      last[e.attempt] = e.connection;
    });
    in_threads([&](int n) {
      for (int i = 1; i <= events_each; ++i) {
        auto e = make_event(event_kind::host_probe);
        e.attempt = static_cast<std::uint32_t>(n);
        e.connection = static_cast<std::uint64_t>(i);
        dispatcher->on_event(e);
      }
      EXPECT_FALSE(detail::inside_user_hook(&last));
    });
    // A last one: when it was delivered, so was all before it.
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
    dispatcher->subscribe(
        [&](const owned_event&) {
          const std::lock_guard lock{mutex};
          is_done = true;
          done.notify_one();
        },
        event_set{event_kind::host_up});
    auto e = make_event(event_kind::host_up);
    e.connection = events_each + 1;
    dispatcher->on_event(e);
    std::unique_lock lock{mutex};
    EXPECT_TRUE(done.wait_for(lock, 30s, [&] { return is_done; }));
    dropped = dispatcher->dropped();
  }
  EXPECT_TRUE(inside);
  EXPECT_EQ(seen + dropped, static_cast<std::uint64_t>(thread_count * events_each + 1));
}

TEST(telemetry_threads, the_stderr_logger_writes_all_before_it_goes) {
  testing::internal::CaptureStderr();
  {
    const auto log = event_log::create(stderr_logger(log_format::json), {log_format::json}).value();
    log->on_event(make_event(event_kind::host_up));
  }
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("{\"time\":\"")) << text;
  EXPECT_TRUE(text.ends_with("\"elapsed_ms\":1.000}\n")) << text;
}

} // namespace
} // namespace holdfast
