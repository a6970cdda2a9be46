#include "integration/pool_driver/session.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <csignal>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast::testing {

namespace json = boost::json;

session::session(std::nullptr_t) { start(); }

session::session(const std::string& fields) : session{nullptr} {
  if (const auto got = run("create", fields); got != "ok")
    throw std::runtime_error{"create: " + got};
}

session::~session() { finish(); }

void session::start() {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> in{}, out{};
  if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0) throw std::runtime_error{"pipe"};
  child_ = ::fork();
  if (child_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
    ::execl(HOLDFAST_POOL_DRIVER, "pool-driver", nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  reader_ = std::thread{[this] { read_all(); }};
}

void session::read_all() {
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t n = 0; (n = ::read(from_, chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(n));
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::lock_guard lock{mutex_};
      lines_.push_back(json::parse(text.substr(0, end)).as_object());
      text.erase(0, end + 1);
    }
    arrived_.notify_all();
  }
}

void session::send_raw(const std::string& line) {
  const std::string whole = line + '\n';
  if (::write(to_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()))
    throw std::runtime_error{"the driver is gone"};
}

int session::send(std::string_view command, const std::string& fields) {
  const int seq = ++next_;
  std::string line = R"({"seq":)" + std::to_string(seq) + R"(,"command":")";
  line += command;
  line += '"' + (fields.empty() ? "" : "," + fields) + '}';
  send_raw(line);
  return seq;
}

json::object session::reply(int seq) {
  json::object found;
  std::unique_lock lock{mutex_};
  const bool came = arrived_.wait_for(lock, std::chrono::seconds{5}, [&] {
    for (const auto& line : lines_) {
      const auto* number = line.if_contains("seq");
      if (!number || *number != seq) continue;
      found = line;
      return true;
    }
    return false;
  });
  if (!came) throw std::runtime_error{"no reply to command " + std::to_string(seq)};
  return found;
}

std::string session::outcome(const json::object& reply) {
  if (!reply.at("ok").as_bool()) return std::string{reply.at("error").as_string()};
  const auto* connection = reply.if_contains("connection");
  return connection ? std::to_string(connection->to_number<int>()) : "ok";
}

std::string session::run(std::string_view command, const std::string& fields) {
  return outcome(reply(send(command, fields)));
}

bool session::saw(std::string_view event, std::size_t count, std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  return arrived_.wait_for(lock, limit, [&] {
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](auto& l) {
             const auto* kind = l.if_contains("event");
             return kind && kind->as_string() == event;
           })) >= count;
  });
}

std::vector<std::string> session::events(const std::vector<std::string>& kinds) {
  std::vector<std::string> found;
  for (const auto& line : lines()) {
    const auto* kind = line.if_contains("event");
    if (!kind) continue;
    std::string text{kind->as_string()};
    if (std::find(kinds.begin(), kinds.end(), text) == kinds.end()) continue;
    if (const auto* id = line.if_contains("connection"))
      text += ' ' + std::to_string(id->to_number<int>());
    if (const auto* why = line.if_contains("reason")) text += ' ' + std::string{why->as_string()};
    found.push_back(std::move(text));
  }
  return found;
}

std::vector<json::object> session::lines() {
  const std::lock_guard lock{mutex_};
  return lines_;
}

int session::finish() {
  if (child_ < 0) return -1;
  ::close(to_);
  int status = 0;
  ::waitpid(child_, &status, 0);
  child_ = -1;
  reader_.join();
  ::close(from_);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace holdfast::testing
