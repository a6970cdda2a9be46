// The first use of a statement: parsed and described by the server in one round trip.
#include "drivers/postgres/connection.hpp"

namespace holdfast::drivers::postgres {

namespace {

error no_nul(std::string_view sql) {
  return refusal(errc::invalid_statement, "the statement's text holds a NUL character, at byte " +
                                              std::to_string(sql.find('\0') + 1));
}

bool failed(const PGresult* r) noexcept { return PQresultStatus(r) == PGRES_FATAL_ERROR; }

} // namespace

/// Queues, each up to a synchronisation point of its own: the closing of statements that the cache
/// has dropped, then the new one. Pipeline mode flushes by itself.
void connection::queue_preparation(const prepared_statement& s) {
  PGconn* c = wire_.raw();
  PQsendPrepare(c, s.name.c_str(), s.sql.c_str(), 0, nullptr);
  PQsendDescribePrepared(c, s.name.c_str());
  PQpipelineSync(c);
}

task<result<prepared_statement*>> connection::prepare(runtime& rt, std::string_view sql,
                                                      sql_facts facts, deadline until) {
  if (sql.find('\0') != std::string_view::npos) co_return no_nul(sql);
  if (facts.streams_copy)
    co_return refusal(errc::feature_not_supported,
                      "execute does not do COPY from or to the client");
  situation now = situation_for(facts);
  now.in_block = now.in_block && !begins(); // it goes ahead of a BEGIN that waits
  now.writes = false;                       // nothing runs yet
  now.when = phase::not_sent;
  prepared_statement s;
  s.sql = sql;
  s.facts = facts;
  if (names_statements_) s.name = name_prefix_ + std::to_string(names_++);
  if (!PQenterPipelineMode(wire_.raw())) co_return lost(now);
  int syncs = 1;
  // Only outside a transaction: a name that the server has lost would end it.
  if (!now.in_block) {
    for (const auto& name : cache_.take_doomed()) {
      const auto text = "deallocate " + name;
      PQsendQueryParams(wire_.raw(), text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
      PQpipelineSync(wire_.raw());
      ++syncs;
    }
  }
  queue_preparation(s);
  std::vector<pg_result> results;
  const auto status = co_await wire_.take_pipeline(rt, syncs, until, results);
  if (status != wire_status::ok) co_return stopped(status, now);
  if (!PQexitPipelineMode(wire_.raw())) co_return lost(now);
  // The last segment: prepared, described, sync; or error, aborted, sync.
  const std::size_t first = results.size() - 3;
  now.when = phase::sent;
  for (std::size_t i = first; i < results.size(); ++i)
    if (failed(results[i].get())) co_return refused(results[i].get(), now);
  const PGresult* described = results[first + 1].get();
  for (int i = 0; i < PQnparams(described); ++i)
    s.parameter_types.push_back(PQparamtype(described, i));
  s.shape = row_shape::of(described);
  co_return &cache_.insert(std::move(s));
}

} // namespace holdfast::drivers::postgres
