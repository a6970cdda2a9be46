// The same verbs inside an Asio program.
#include <holdfast/asio.hpp>
#include <holdfast/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>

namespace hf = holdfast;
namespace asio = boost::asio;

asio::awaitable<void> work(hf::async_database db, long& sum) {
  co_await db.script("create table item(id integer primary key, price integer)");
  // g++ 12: a callable in a co_await expression has a name.
  auto fill = [](hf::async_transaction& tx) -> asio::awaitable<long> {
    for (int i = 1; i <= 3; ++i) co_await tx.execute("insert into item values (?1, ?2)", i, i * 10);
    const auto total = co_await tx.query_value<long>("select sum(price) from item");
    co_return *total;
  };
  sum = co_await db.transaction(fill);
}

int main() {
  auto db = hf::sqlite::connect(":memory:");
  asio::io_context context;
  long sum = 0;
  asio::co_spawn(context, work(db.async(context.get_executor()), sum), [](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
  });
  context.run();
  std::printf("%ld\n", sum);
  return sum == 60 ? 0 : 1;
}
