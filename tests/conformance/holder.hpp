// A borrower who does not give back.
#pragma once

#include "conformance/trial.hpp"

#include <latch>
#include <source_location>
#include <thread>

namespace holdfast::conformance {

/// Holds one connection of `db` in a transaction, from its making to its end.
class lease_holder {
public:
  explicit lease_holder(database db, std::source_location where = std::source_location::current())
      : where_{where}, thread_{[this, db]() mutable { hold(db); }} {
    held_.wait();
  }
  ~lease_holder() { enough_.count_down(); }
  lease_holder(const lease_holder&) = delete;
  lease_holder& operator=(const lease_holder&) = delete;

  /// Is this the line that made it?
  [[nodiscard]] bool is_at(const std::source_location& place) const {
    return place.line() == where_.line() &&
           std::string_view{place.file_name()} == where_.file_name();
  }

private:
  void hold(database& db) {
    const auto failed = thrown_by([&] {
      db.transaction(
          {.read_only = true},
          [&](transaction& tx) {
            (void)tx.query_value<long>("select 1");
            held_.count_down();
            enough_.wait();
          },
          where_);
    });
    if (failed && !held_.try_wait()) held_.count_down();
  }

  std::source_location where_;
  std::latch held_{1};
  std::latch enough_{1};
  std::jthread thread_; // last: it uses the rest
};

} // namespace holdfast::conformance
