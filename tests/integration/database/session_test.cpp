// SQL that prepares each session.
#include "integration/database/engines.hpp"

#include <holdfast/exceptions.hpp>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

class session : public test::each_engine {
protected:
  /// Something of the session that a reset undoes.
  [[nodiscard]] std::string mark(int value) const {
    const auto n = std::to_string(value);
    return is_postgres() ? "set work_mem = '" + n + "kB'; set lock_timeout = '7s'"
                         : "pragma cache_spill = 0; pragma cache_size = " + n;
  }
  int marked(database& d) const {
    if (!is_postgres()) return d.query_value<int>("pragma cache_size").value();
    const auto text = d.query_value<std::string>("select current_setting('work_mem')").value();
    return std::stoi(text);
  }
  [[nodiscard]] database_options one(std::string sql) const {
    database_options o;
    o.pool.min_size = 1;
    o.pool.max_size = 1;
    o.after_connect = std::move(sql);
    return o;
  }
};

TEST_P(session, each_is_prepared_after_its_connect) {
  auto d = connect(one(mark(777)));
  EXPECT_EQ(marked(d), 777);
  d.reset(); // another connection
  EXPECT_EQ(marked(d), 777);
}

TEST_P(session, is_prepared_again_after_a_borrower_changed_it) {
  auto d = connect(one(mark(777)));
  d.script(mark(555));
  EXPECT_EQ(marked(d), 777);
}

TEST_P(session, does_not_count_as_changed_by_its_preparation) {
  connect().execute("create table preparations(n integer)");
  auto d = connect(one(mark(777) + "; insert into preparations values (1)"));
  const auto count = [&d] { return d.query_value<int>("select count(*) from preparations"); };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(count(), 1);
  d.script(mark(555));
  EXPECT_EQ(count(), 2);
}

TEST_P(session, that_cannot_be_prepared_fails_the_connect) {
  try {
    connect(one("select no_such_thing from nowhere"));
    ADD_FAILURE() << "opened";
  } catch (const database_error& e) {
    EXPECT_EQ(e.details().code, errc::unknown_object) << e.what();
    EXPECT_NE(e.details().message.find("after_connect"), std::string::npos) << e.what();
  }
}

TEST_P(session, must_not_be_left_in_a_transaction) {
  EXPECT_THROW(connect(one("begin")), database_error);
}

INSTANTIATE_TEST_SUITE_P(engines, session, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
