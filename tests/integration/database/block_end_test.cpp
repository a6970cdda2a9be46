// Blocks that were ended by what ran in them, and what is told of them.
#include "integration/database/accounts.hpp"

#include <holdfast/exceptions.hpp>

#include <boost/json.hpp>
#include <stdexcept>

namespace holdfast {
namespace {

class block_ends : public test::accounts {};

TEST_P(block_ends, text_that_ends_the_transaction_is_found_out) {
  try {
    db().transaction([](transaction& tx) {
      tx.execute("insert into account values (3, 1)");
      tx.execute("commit");
      tx.execute("insert into account values (4, 1)");
    });
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::implicit_commit);
    EXPECT_EQ(e.effect(), side_effect::applied);
  }
  EXPECT_EQ(rows(), 3);
}

TEST_P(block_ends, a_script_that_ends_the_transaction_leaves_doubt) {
  int runs = 0;
  try {
    db().transaction([&](transaction& tx) {
      ++runs;
      tx.script("insert into account values (3, 1); commit");
    });
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::implicit_commit);
    EXPECT_EQ(e.effect(), side_effect::unknown);
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(rows(), 3);
}

// What was committed by then has the key; that is no proof that the block came to its end.
TEST_P(block_ends, half_a_block_under_a_key_never_passes_for_the_whole) {
  const auto halved = [&] {
    db().transaction({.operation_key = "half"}, [](transaction& tx) {
      tx.execute("insert into account values (3, 1)");
      tx.execute("commit");
    });
  };
  for (int i = 0; i < 2; ++i) try {
      halved();
      ADD_FAILURE() << "told as done";
    } catch (const database_error& e) {
      EXPECT_EQ(e.code(), errc::implicit_commit);
      EXPECT_EQ(e.effect(), side_effect::applied);
    }
  EXPECT_EQ(rows(), 3);
}

TEST_P(block_ends, a_transaction_that_was_exchanged_for_another_does_not_pass_for_it) {
  const auto exchanged = [&](const char* text) {
    try {
      db().transaction({.operation_key = "exchanged"}, [&](transaction& tx) {
        tx.execute("insert into account values (3, 1)");
        tx.script(text);
        tx.execute("insert into account values (4, 1)");
      });
      ADD_FAILURE() << text;
    } catch (const database_error& e) {
      EXPECT_EQ(e.code(), errc::implicit_commit);
      EXPECT_EQ(e.effect(), side_effect::unknown);
    }
  };
  exchanged("rollback; begin");
  EXPECT_EQ(rows(), 2);
}

TEST_P(block_ends, and_chain_is_refused_before_it_is_sent) {
  db().transaction([](transaction& tx) {
    tx.execute("insert into account values (3, 1)");
    for (const char* text : {"commit and chain", " ROLLBACK AND CHAIN"}) {
      const auto refused = tx.try_execute(text);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, errc::invalid_statement);
    }
  });
  EXPECT_EQ(rows(), 3);
}

/// A result that cannot be stored.
struct unspeakable {
  int n = 0;
  friend void tag_invoke(const boost::json::value_from_tag&, boost::json::value&,
                         const unspeakable&) {
    throw std::runtime_error{"no words for it"};
  }
  friend unspeakable tag_invoke(const boost::json::value_to_tag<unspeakable>&,
                                const boost::json::value&) {
    return {};
  }
};

TEST_P(block_ends, a_result_that_cannot_be_stored_undoes_the_block) {
  database_options o;
  o.pool.max_size = o.pool.min_size = 1;
  o.pool.reset = pool_options::reset_mode::never;
  auto small = connect(o);
  EXPECT_THROW(small.transaction({.operation_key = "unspeakable"},
                                 [](transaction& tx) {
                                   tx.execute("insert into account values (3, 1)");
                                   return unspeakable{};
                                 }),
               std::runtime_error);
  EXPECT_EQ(small.query_value<long>("select count(*) from account"), 2);
  EXPECT_EQ(small.execute("insert into account values (4, 1)"), 1U);
  EXPECT_EQ(rows(), 3);
}

INSTANTIATE_TEST_SUITE_P(each, block_ends, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
