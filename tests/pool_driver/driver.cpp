#include "pool_driver/driver.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <thread>

namespace holdfast::pool_driver {

namespace json = boost::json;

namespace {

using namespace std::chrono_literals;

std::string_view error_name(errc code) {
  switch (code) {
  case errc::pool_timeout:
  case errc::pool_closed:
  case errc::pool_cleared: return to_string(code);
  default: return "connect_failed";
  }
}

// The protocol's page names the commands but not the key that holds the name.
std::string name_of(const json::object& line) {
  for (const std::string_view key : {"command", "cmd", "op", "name"})
    if (line.contains(key)) return text_field(line, key, "");
  return {};
}

} // namespace

driver::driver(output& out) : out_{out}, printer_{std::make_shared<event_printer>(out)} {}

driver::~driver() { finish(); }

void driver::refuse(const json::value& seq, const std::string& message) {
  out_.line({{"seq", seq}, {"ok", false}, {"error", "protocol"}, {"message", message}});
}

void driver::command(const std::string& line) {
  json::error_code failed;
  const json::value parsed = json::parse(line, failed);
  if (failed) return refuse(nullptr, "not JSON: " + failed.message());
  if (!parsed.is_object()) return refuse(nullptr, "a command is an object");
  const json::object& o = parsed.get_object();
  const json::value* const seq = o.if_contains("seq");
  if (!seq || !seq->is_number()) return refuse(nullptr, "seq takes a number");
  try {
    const std::string name = text_field(o, "thread", "main");
    auto& on = workers_[name];
    if (!on) on = std::make_unique<worker>();
    on->post([this, o, number = *seq] { run(o, number); });
  } catch (const protocol_error& e) {
    refuse(*seq, e.what());
  }
}

void driver::run(const json::object& line, const json::value& seq) {
  json::object reply{{"seq", seq}, {"ok", true}};
  try {
    const std::string command = name_of(line);
    if (command == "create")
      create(line);
    else if (command == "acquire")
      acquire(line, reply);
    else if (command == "release")
      release(line);
    else if (command == "ready")
      current()->ready();
    else if (command == "clear")
      current()->clear(make_error(errc::connection_lost, "cleared by a command"),
                       flag_field(line, "interrupt"));
    else if (command == "close")
      current()->close();
    else
      throw protocol_error{"command takes create, acquire, release, ready, clear or close"};
    out_.line(reply);
  } catch (const protocol_error& e) {
    refuse(seq, e.what());
  }
}

std::shared_ptr<driver::fake_pool> driver::current() {
  const std::lock_guard lock{mutex_};
  if (!pool_) throw protocol_error{"there is no pool: create one first"};
  return pool_;
}

void driver::create(const json::object& line) {
  create_command c = parse_create(line);
  const scripted_connector connector{std::make_shared<connect_script>(std::move(c.connects)),
                                     c.clear_on_connect_error};
  {
    const std::lock_guard lock{mutex_};
    if (pool_ && pool_->snapshot().state != pool_state::closed)
      throw protocol_error{"there is a pool already: close it first"};
  }
  const std::shared_ptr<runtime> loop{service_, service_->background().get()};
  auto made = std::make_shared<fake_pool>(c.options, connector, pool_environment{loop, printer_});
  const std::lock_guard lock{mutex_};
  pool_ = std::move(made);
  acquire_timeout_ = c.options.acquire_timeout;
}

void driver::acquire(const json::object& line, json::object& reply) {
  const std::string label = text_field(line, "label", "");
  const auto from = current();
  ++acquiring_;
  auto lent = from->try_acquire();
  --acquiring_;
  if (!lent) {
    reply["ok"] = false;
    reply["error"] = error_name(lent.error().code);
    reply["message"] = lent.error().message;
    return;
  }
  reply["connection"] = lent->connection();
  const std::lock_guard lock{mutex_};
  fake_lease& place = label.empty() ? unnamed_.emplace_back() : leases_[label];
  if (place) unnamed_.push_back(std::move(place)); // the label names the newer lease from now on
  place = std::move(*lent);
}

void driver::release(const json::object& line) {
  const std::string label = text_field(line, "label", "");
  fake_lease returned;
  {
    const std::lock_guard lock{mutex_};
    const auto found = leases_.find(label);
    if (found == leases_.end()) throw protocol_error{"no lease is labelled \"" + label + '"'};
    returned = std::move(found->second);
    leases_.erase(found);
  }
  returned.release();
}

/// True if nothing more can happen by itself: whoever is busy waits for a connection that nobody
/// opens.
bool driver::stuck() {
  const auto busy = std::count_if(workers_.begin(), workers_.end(),
                                  [](const auto& w) { return !w.second->idle(); });
  if (static_cast<std::size_t>(busy) > acquiring_) return false;
  const std::lock_guard lock{mutex_};
  return !pool_ || pool_->snapshot().connecting == 0;
}

void driver::finish() {
  if (!service_) return;
  const auto all_idle = [this] {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& w) { return w.second->idle(); });
  };
  // Input may come faster than it is carried out: acquires that still can end do so first.
  constexpr duration step = 5ms;
  duration quiet{};
  while (!all_idle() && quiet < std::clamp<duration>(acquire_timeout_ + 50ms, 50ms, 1s)) {
    std::this_thread::sleep_for(step);
    quiet = stuck() ? quiet + step : duration{};
  }
  std::shared_ptr<fake_pool> last;
  {
    const std::lock_guard lock{mutex_};
    last = pool_;
  }
  if (last) last->close();
  workers_.clear();
  leases_.clear();
  unnamed_.clear();
  pool_.reset();
  service_->stop();
  last.reset();
  service_.reset();
}

} // namespace holdfast::pool_driver
