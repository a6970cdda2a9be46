// Runs commands against a real pool, each on the thread that it names.
#pragma once

#include "pool_driver/output.hpp"
#include "pool_driver/protocol.hpp"
#include "pool_driver/worker.hpp"

#include <holdfast/service.hpp>

#include <atomic>
#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace holdfast::pool_driver {

class driver {
public:
  explicit driver(output& out);
  /// `finish`.
  ~driver();

  /// One line of input.
  void command(const std::string& line);
  /// The end of input: what was asked for is done as far as it can be, then the pool closes.
  void finish();

private:
  using fake_pool = pool<scripted_connection>;
  using fake_lease = lease<scripted_connection>;

  void run(const boost::json::object& line, const boost::json::value& seq);
  void create(const boost::json::object& line);
  void acquire(const boost::json::object& line, boost::json::object& reply);
  void release(const boost::json::object& line);
  void refuse(const boost::json::value& seq, const std::string& message);
  [[nodiscard]] std::shared_ptr<fake_pool> current();
  [[nodiscard]] bool stuck();

  output& out_;
  std::shared_ptr<service> service_ = std::make_shared<service>();
  observer_ptr printer_;

  std::mutex mutex_; // guards the next five
  std::shared_ptr<fake_pool> pool_;
  std::map<std::string, fake_lease> leases_;
  std::vector<fake_lease> unnamed_; // held to the end
  duration acquire_timeout_{};
  std::atomic<std::size_t> acquiring_{0};

  std::map<std::string, std::unique_ptr<worker>> workers_; // used by the reader alone
};

} // namespace holdfast::pool_driver
