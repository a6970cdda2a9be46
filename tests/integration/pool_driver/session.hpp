// A running pool-driver, spoken to in JSON lines.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace holdfast::testing {

class session {
public:
  /// Starts the program and creates a pool: `fields` are those of `create`, without braces.
  explicit session(const std::string& fields);
  explicit session(std::nullptr_t); // no pool yet
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Sends a command without waiting for its reply. `fields`: more of it, without braces.
  int send(std::string_view command, const std::string& fields = {});
  void send_raw(const std::string& line);
  /// The reply to a command; throws if none comes within 5 s.
  boost::json::object reply(int seq);
  /// Sends, and gives what came back: "ok", "3" (the connection) or the error.
  std::string run(std::string_view command, const std::string& fields = {});
  static std::string outcome(const boost::json::object& reply);

  /// Waits until `event` was published `count` times; false after `limit`.
  bool saw(std::string_view event, std::size_t count = 1,
           std::chrono::milliseconds limit = std::chrono::seconds{5});
  /// Those events that are in `kinds`, in order: "connection_closed 1 stale".
  std::vector<std::string> events(const std::vector<std::string>& kinds);
  std::vector<boost::json::object> lines();

  /// Ends its input; the exit status.
  int finish();

private:
  void start();
  void read_all();

  pid_t child_ = -1;
  int to_ = -1;
  int from_ = -1;
  int next_ = 0;
  std::mutex mutex_; // guards lines_
  std::condition_variable arrived_;
  std::vector<boost::json::object> lines_;
  std::thread reader_;
};

} // namespace holdfast::testing
