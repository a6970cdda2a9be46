// The two real runtimes: the same coroutines on a thread and on an event loop.
#include <holdfast/service.hpp>
#include <holdfast/thread_runtime.hpp>

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct socket_pair {
  int ends[2];
  socket_pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0); }
  ~socket_pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void write_one() const { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
};

task<wait_status> read_wait(runtime& rt, int fd, duration limit) {
  const auto until = deadline::after(rt.now(), limit);
  co_return co_await rt.wait(fd, io::read, until);
}

template <class T>
T on_loop(service& s, std::function<task<T>(runtime&)> make) {
  std::promise<T> answer;
  auto body = [](runtime& rt, std::function<task<T>(runtime&)>& factory,
                 std::promise<T>& out) -> task<void> {
    auto inner = factory(rt);
    T value = co_await std::move(inner);
    out.set_value(std::move(value));
  };
  s.background()->spawn(body(*s.background(), make, answer));
  return answer.get_future().get();
}

TEST(thread_runtime, waits_inline) {
  socket_pair pair;
  thread_runtime rt;
  EXPECT_EQ(run_inline(read_wait(rt, pair.ends[0], 20ms)), wait_status::timed_out);
  pair.write_one();
  EXPECT_EQ(run_inline(read_wait(rt, pair.ends[0], 1s)), wait_status::ready);
}

TEST(runtimes, count_the_machines_sleep_apart) {
  thread_runtime rt;
  service s;
  for (runtime* each : {static_cast<runtime*>(&rt), s.background().get()}) {
    const time_point before = each->now();
    EXPECT_GE(each->boot_time(), before.time_since_epoch());
  }
}

TEST(thread_runtime, zero_does_not_wait_for_ever) {
  socket_pair pair;
  thread_runtime rt;
  const auto before = rt.now();
  EXPECT_EQ(run_inline(read_wait(rt, pair.ends[0], 0ms)), wait_status::timed_out);
  EXPECT_LT(rt.now() - before, 500ms);
}

TEST(thread_runtime, a_stop_request_ends_poll_and_park) {
  socket_pair pair;
  std::stop_source stop;
  std::jthread stopper{[&] {
    std::this_thread::sleep_for(30ms);
    stop.request_stop();
  }};
  thread_runtime rt{nullptr, stop.get_token()};
  EXPECT_EQ(run_inline(read_wait(rt, pair.ends[0], 10s)), wait_status::cancelled);
  auto parks = [](runtime& home) -> task<wait_status> {
    waiter w{home};
    co_return co_await home.park(w, deadline::after(home.now(), 10s));
  };
  EXPECT_EQ(run_inline(parks(rt)), wait_status::cancelled);
}

TEST(thread_runtime, is_woken_from_another_thread) {
  thread_runtime rt;
  for (int i = 0; i < 200; ++i) {
    std::jthread other;
    auto body = [](runtime& home, std::jthread& t) -> task<wait_status> {
      waiter w{home};
      t = std::jthread{[&w] { w.unpark(); }};
      const auto status = co_await home.park(w, deadline::after(home.now(), 10s));
      t.join();
      co_return status;
    };
    EXPECT_EQ(run_inline(body(rt, other)), wait_status::ready);
  }
}

TEST(service, waits_suspend_and_the_loop_goes_on) {
  service loop;
  socket_pair pair;
  socket_pair silent;
  auto slow = std::async(std::launch::async, [&] {
    return on_loop<wait_status>(loop, [&](runtime& rt) { return read_wait(rt, pair.ends[0], 5s); });
  });
  EXPECT_EQ(
      on_loop<wait_status>(loop, [&](runtime& rt) { return read_wait(rt, silent.ends[0], 10ms); }),
      wait_status::timed_out);
  pair.write_one();
  EXPECT_EQ(slow.get(), wait_status::ready);
}

TEST(service, offload_leaves_the_loop_thread) {
  service loop;
  const auto loop_thread = on_loop<std::thread::id>(
      loop, [](runtime&) -> task<std::thread::id> { co_return std::this_thread::get_id(); });
  const auto worker = on_loop<std::thread::id>(
      loop, [](runtime& rt) { return rt.offload([] { return std::this_thread::get_id(); }); });
  EXPECT_NE(loop_thread, worker);
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(service, stop_cancels_what_waits_and_joins) {
  service loop;
  socket_pair pair;
  std::atomic<int> cancelled = 0;
  auto body = [](runtime& rt, int fd, std::atomic<int>& count) -> task<void> {
    const auto until = deadline::after(rt.now(), 1h);
    if (co_await rt.wait(fd, io::read, until) == wait_status::cancelled) ++count;
    if (co_await rt.sleep_until(rt.now() + 1h) == wait_status::cancelled) ++count;
  };
  for (int i = 0; i < 10; ++i) {
    socket_pair& p = pair;
    loop.background()->spawn(body(*loop.background(), i == 0 ? p.ends[0] : -1, cancelled));
  }
  on_loop<int>(loop, [](runtime&) -> task<int> { co_return 1; });
  loop.stop();
  EXPECT_GE(cancelled, 11); // ten sleeps and the one real descriptor
}

TEST(service, unpark_from_many_threads_wakes_once) {
  service loop;
  const auto woken = on_loop<int>(loop, [](runtime& rt) -> task<int> {
    int ready = 0;
    for (int i = 0; i < 200; ++i) {
      waiter w{rt};
      std::jthread a{[&w] { w.unpark(); }};
      std::jthread b{[&w] { w.unpark(); }};
      const auto until = deadline::after(rt.now(), 10s);
      if (co_await rt.park(w, until) == wait_status::ready) ++ready;
      a.join();
      b.join();
    }
    co_return ready;
  });
  EXPECT_EQ(woken, 200);
}

TEST(resolver, numeric_and_names_and_the_unknown) {
  thread_runtime rt;
  const auto until = deadline::after(rt.now(), 5s);
  auto numeric = run_inline(rt.resolve("127.0.0.1", until));
  ASSERT_TRUE(numeric);
  EXPECT_EQ((*numeric)[0].text, "127.0.0.1");
  auto local = run_inline(rt.resolve("localhost", until));
  ASSERT_TRUE(local);
  auto unknown = run_inline(rt.resolve("no-such-host.invalid", until));
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().code == errc::name_not_resolved ||
              unknown.error().code == errc::connect_timeout);
}

} // namespace
} // namespace holdfast
