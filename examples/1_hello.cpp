#include <holdfast/sqlite.hpp>

#include <cstdio>

int main() {
  auto db = holdfast::sqlite::connect("hello.db"); // made if it is not there
  db.execute("create table if not exists visit(id integer primary key, who text)");
  db.execute("insert into visit(who) values (?1)", "you");
  for (auto& [id, who] : db.query<long, std::string>("select id, who from visit"))
    std::printf("%ld %s\n", id, who.c_str());
}
