// Lines on standard output: one JSON object each, whole, flushed, from any thread.
#pragma once

#include <holdfast/event.hpp>

#include <boost/json/object.hpp>
#include <mutex>

namespace holdfast::pool_driver {

class output {
public:
  void line(const boost::json::object& o);

private:
  std::mutex mutex_;
};

/// Writes each event of a pool, in its order.
class event_printer final : public observer {
public:
  explicit event_printer(output& out) noexcept : out_{out} {}
  void on_event(const event& e) noexcept override;

private:
  output& out_;
};

} // namespace holdfast::pool_driver
