// A transfer that is made exactly once, whatever happens to the reply.
#include <holdfast/sqlite.hpp>

#include <cstdio>

namespace hf = holdfast;

int main() {
  auto db = hf::sqlite::connect(":memory:");
  db.execute("create table account(id integer primary key, balance integer not null)");
  db.execute("insert into account values (1, 100), (2, 100)");

  const auto pay = [](hf::transaction& tx) {
    tx.execute("update account set balance = balance - ?1 where id = ?2", 10, 1);
    tx.execute("update account set balance = balance + ?1 where id = ?2", 10, 2);
    return tx.query_value<long>("select balance from account where id = 1").value();
  };
  // The second call finds the key, does nothing, and gives the first result.
  const long first = db.transaction({.operation_key = "payment-42"}, pay);
  const long again = db.transaction({.operation_key = "payment-42"}, pay);
  std::printf("%ld %ld\n", first, again);

  // An error rolls back; a savepoint rolls back alone.
  try {
    db.transaction([](hf::transaction& tx) {
      tx.execute("update account set balance = 0");
      tx.execute("insert into account values (1, 1)"); // there already
    });
  } catch (const hf::constraint_error& e) {
    std::printf("%s\n", hf::user_message(e.details()).c_str());
  }
  const bool settled = db.outcome_of("payment-42") == hf::outcome::committed &&
                       db.outcome_of("payment-43") == hf::outcome::not_committed;
  const long sum = db.query_value<long>("select sum(balance) from account").value();
  return settled && first == 90 && again == 90 && sum == 200 ? 0 : 1;
}
