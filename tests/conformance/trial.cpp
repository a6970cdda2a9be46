#include "conformance/trial.hpp"

#include <array>
#include <cctype>
#include <thread>
#include <tuple>
#include <vector>

namespace holdfast::conformance {

namespace {

constexpr duration connect_limit = 4s; // of one that can be refused at once

std::string placeholder_of(const words& w, std::string_view position) {
  std::string text{w.placeholder};
  if (const auto at = text.find('#'); at != std::string::npos) text.replace(at, 1, position);
  return text;
}

std::string_view type_of(const words& w, std::string_view name) {
  const std::array types{
      std::pair{"text", w.text_type},       std::pair{"bytes", w.bytes_type},
      std::pair{"real", w.real_type},       std::pair{"uuid", w.uuid_type},
      std::pair{"time", w.time_type},       std::pair{"timestamp", w.timestamp_type},
      std::pair{"numeric", w.numeric_type}, std::pair{"json", w.json_type},
  };
  for (const auto& [key, type] : types)
    if (key == name) return type;
  throw std::logic_error("no type {" + std::string{name} + "} in the words of an engine");
}

} // namespace

std::string trial::operator()(std::string_view text) const {
  std::string written;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#') {
      std::size_t end = i + 1;
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
      written += placeholder_of(at.dialect(), text.substr(i + 1, end - i - 1));
      i = end - 1;
    } else if (text[i] == '{') {
      const auto end = text.find('}', i);
      written += type_of(at.dialect(), text.substr(i + 1, end - i - 1));
      i = end;
    } else {
      written += text[i];
    }
  }
  return written;
}

database trial::open(database_options options) const { return open({}, std::move(options)); }

database trial::open(const entry& how, database_options options) const {
  if (options.log.file.empty()) options.log.enabled = false;
  return at.connect(at.url(how), options);
}

error trial::refusal_of(const entry& how, database_options options) {
  const time_point began = clock::now();
  const auto refused = thrown_by([&] { (void)open(how, std::move(options)); });
  const duration took = clock::now() - began;
  demand(refused.has_value(), "it was let in");
  demand(took < connect_limit, "the refusal took {} ms", took / 1ms);
  return refused.value_or(error{});
}

fault_proxy& trial::door() {
  if (!door_)
    door_.emplace(fault_proxy_options{.to = {"127.0.0.1", at.port()}, .protocol = at.protocol()});
  return *door_;
}

void trial::demand_error(const error& e, errc code, category kind) {
  demand(e.code == code, "{} instead of {} ({}; {})", to_string(e.code), to_string(code), e.message,
         e.native_code);
  demand(e.kind == kind, "{} is told as of kind {} instead of {}", to_string(e.code),
         to_string(e.kind), to_string(kind));
  demand(e.effect == side_effect::none, "{} is told with effect {}", to_string(e.code),
         to_string(e.effect));
  demand(!e.message.empty(), "{} says nothing", to_string(e.code));
}

database_options one_connection() {
  database_options o;
  o.pool.min_size = 1;
  o.pool.max_size = 1;
  o.health.interval.reset();
  return o;
}

bool soon(const std::function<bool()>& holds, duration limit) {
  const time_point until = clock::now() + limit;
  while (!holds()) {
    if (clock::now() >= until) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

till::till(trial& t)
    : put_{t("insert into entry values (#1)")},
      times_{t("select count(*) from entry where id = #1")} {
  auto db = t.open(one_connection());
  db.execute("create table entry (id bigint not null)");
}

void make_thousand(trial& t, database& db) {
  db.execute(t("create table thousand (id bigint primary key, filler {text})"));
  std::vector<std::tuple<std::int64_t, std::string>> rows;
  for (int i = 0; i < 1000; ++i) rows.emplace_back(i, std::string(2000, 'x'));
  db.insert_many("thousand", {"id", "filler"}, rows);
}

} // namespace holdfast::conformance
