// The tables that the tests of blocks share.
#pragma once

#include "integration/database/engines.hpp"

namespace holdfast::test {

/// Two accounts of 100 each, on every engine.
class accounts : public each_engine {
protected:
  void SetUp() override {
    each_engine::SetUp();
    db().execute("create table account(id bigint primary key, balance bigint)");
    db().execute("insert into account values (1, 100), (2, 100)");
  }
  long sum() { return db().query_value<long>("select sum(balance) from account").value(); }
  long rows() { return db().query_value<long>("select count(*) from account").value(); }
};

} // namespace holdfast::test
