// libpq's objects with owners.
#pragma once

#include <libpq-fe.h>
#include <memory>

namespace holdfast::drivers::postgres {

struct finish_connection {
  void operator()(PGconn* c) const noexcept { PQfinish(c); }
};
struct clear_result {
  void operator()(PGresult* r) const noexcept { PQclear(r); }
};
using pg_connection = std::unique_ptr<PGconn, finish_connection>;
using pg_result = std::unique_ptr<PGresult, clear_result>;

} // namespace holdfast::drivers::postgres
