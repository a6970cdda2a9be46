#include "pool_driver/protocol.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <limits>

namespace holdfast::pool_driver {
namespace {

namespace json = boost::json;

// What the driver does not limit still has a deadline: none is ever infinite.
constexpr duration unlimited = std::chrono::hours{24 * 365};

/// Null where the field is absent or null.
const json::value* find(const json::object& o, std::string_view key) {
  const json::value* const found = o.if_contains(key);
  return found && !found->is_null() ? found : nullptr;
}

[[noreturn]] void refuse(std::string_view key, std::string_view takes) {
  throw protocol_error{std::string{key} + " takes " + std::string{takes}};
}

std::optional<std::uint64_t> count_field(const json::object& o, std::string_view key,
                                         std::uint64_t least, std::uint64_t most) {
  const json::value* const found = find(o, key);
  if (!found) return std::nullopt;
  const std::string takes =
      "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", or null";
  json::error_code failed;
  const auto n = found->to_number<std::uint64_t>(failed);
  if (failed || n < least || n > most) refuse(key, takes);
  return n;
}

std::uint32_t size_field(const json::object& o, std::string_view key, std::uint32_t least,
                         std::uint32_t otherwise) {
  return static_cast<std::uint32_t>(count_field(o, key, least, 100'000).value_or(otherwise));
}

std::optional<duration> time_field(const json::object& o, std::string_view key,
                                   std::uint64_t least) {
  const auto ms = count_field(o, key, least, 1'000'000'000);
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds{*ms};
}

template <std::size_t N>
void know_only(const json::object& o, const std::array<std::string_view, N>& keys) {
  for (const auto& field : o)
    if (std::find(keys.begin(), keys.end(), std::string_view{field.key()}) == keys.end())
      throw protocol_error{"unknown key " + std::string{field.key()}};
}

// Switched off here, so that a test sees only what it asked for: pings, keepalive, lifetime, slow
// start, leak reports, resets, the queue's limit.
pool_options bare_options() {
  pool_options o;
  o.connect_timeout = unlimited;
  o.max_lifetime.reset();
  o.keepalive.reset();
  o.ping_after_idle.reset();
  o.leak_after.reset();
  o.wait_queue_limit = std::numeric_limits<std::uint32_t>::max();
  o.refuse_late = false; // waits are to time out
  o.slow_start = false;
  o.reset = pool_options::reset_mode::never;
  return o;
}

pool_options parse_options(const json::object& line) {
  const json::value* const given = find(line, "options");
  static const json::object none;
  if (given && !given->is_object()) refuse("options", "an object");
  const json::object& fields = given ? given->get_object() : none;
  know_only(fields, std::array<std::string_view, 6>{"min_size", "max_size", "max_connecting",
                                                    "acquire_timeout_ms", "idle_timeout_ms",
                                                    "maintenance_ms"});
  pool_options o = bare_options();
  o.min_size = size_field(fields, "min_size", 0, 0);
  o.max_size = size_field(fields, "max_size", 1, 20);
  o.max_connecting = size_field(fields, "max_connecting", 1, 2);
  o.acquire_timeout = time_field(fields, "acquire_timeout_ms", 1).value_or(unlimited);
  o.idle_timeout = time_field(fields, "idle_timeout_ms", 1);
  o.maintenance_interval = time_field(fields, "maintenance_ms", 1);
  if (o.min_size > o.max_size) throw protocol_error{"min_size exceeds max_size"};
  return o;
}

scripted_step parse_step(const json::value& v) {
  if (!v.is_object()) refuse("connects", "a list of objects");
  const json::object& o = v.get_object();
  know_only(o, std::array<std::string_view, 3>{"times", "delay_ms", "fail"});
  scripted_step s;
  s.times = count_field(o, "times", 0, 1'000'000'000);
  s.delay = time_field(o, "delay_ms", 0).value_or(duration{});
  s.fail = flag_field(o, "fail");
  return s;
}

} // namespace

std::string text_field(const json::object& line, std::string_view key, std::string_view otherwise) {
  const json::value* const found = find(line, key);
  if (!found) return std::string{otherwise};
  if (!found->is_string()) refuse(key, "a string");
  return std::string{found->get_string()};
}

bool flag_field(const json::object& line, std::string_view key) {
  const json::value* const found = find(line, key);
  if (!found) return false;
  if (!found->is_bool()) refuse(key, "true or false");
  return found->get_bool();
}

create_command parse_create(const json::object& line) {
  create_command c;
  c.options = parse_options(line);
  c.clear_on_connect_error = flag_field(line, "clear_on_connect_error");
  const json::value* const connects = find(line, "connects");
  if (!connects) return c;
  if (!connects->is_array()) refuse("connects", "a list");
  for (const json::value& v : connects->get_array()) c.connects.push_back(parse_step(v));
  return c;
}

} // namespace holdfast::pool_driver
