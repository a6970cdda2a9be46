#include "testing/postgres_server.hpp"

#include "testing/postgres_files.hpp"
#include "testing/server_files.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <libpq-fe.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace holdfast::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto stop_limit = 30s;

fs::path template_of(const postgres_server_options& options) {
  if (!options.password.empty()) return {}; // a kept folder has no password
  if (options.template_folder) return *options.template_folder;
  const char* named = std::getenv("HOLDFAST_PG_TEMPLATE");
  return named == nullptr ? fs::path{} : fs::path{named};
}

void signal_all(const std::vector<pid_t>& processes, int signal) {
  for (const pid_t pid : processes) ::kill(pid, signal);
}

} // namespace

postgres_server::postgres_server(postgres_server_options options) : options_(std::move(options)) {
  find_place();
  try {
    prepare_folder();
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

postgres_server::postgres_server(const postgres_server& primary, postgres_server_options options)
    : options_(std::move(options)) {
  if (!primary.password().empty())
    throw server_error("a standby of a server with a password is not supported");
  find_place();
  try {
    own(folder_);
    copy_from(primary);
    version_ = data_version(data_dir());
    write_configuration();
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

void postgres_server::find_place() {
  const auto programs = find_programs();
  if (!programs)
    throw server_error("no PostgreSQL server (13 or later) found; install Debian's postgresql");
  programs_ = *programs;
  user_ = unprivileged_user({"postgres"}, "postgresql");
  port_ = options_.port != 0 ? options_.port : free_port();
  folder_ = make_temporary_folder("holdfast-pg-");
}

postgres_server::~postgres_server() {
  try {
    if (running()) {
      // An immediate shutdown gives back what a kill leaves in the kernel.
      resume();
      ::kill(pid_, SIGQUIT);
      if (wait_exit(pid_, 2s)) pid_ = 0;
    }
    kill_hard();
    forget_shared_memory();
  } catch (const std::exception&) { // nobody is left to tell
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::optional<fs::path> postgres_server::find_programs() { return newest_postgres_programs(); }

void postgres_server::prepare_folder() {
  own(folder_);
  const fs::path kept = template_of(options_);
  if (kept.empty())
    initialise(data_dir());
  else
    initialise_from_template(kept);
  version_ = data_version(data_dir());
  write_configuration();
}

void postgres_server::initialise(const fs::path& data) {
  std::vector<std::string> argv{programs_ / "initdb",
                                "-D",
                                data,
                                "-U",
                                "postgres",
                                "--locale=C",
                                "-E",
                                "UTF8",
                                "-N",
                                "-A",
                                "trust",
                                "--no-instructions"};
  const fs::path password = folder_ / "password";
  if (!options_.password.empty()) {
    write_private_file(password, options_.password + "\n");
    own(password);
    argv.push_back("--pwfile=" + password.string());
  }
  run_tool(std::move(argv));
  fs::remove(password);
}

void postgres_server::initialise_from_template(const fs::path& kept) {
  const file_lock lock(kept.string() + ".lock");
  if (!fs::exists(kept / "PG_VERSION")) {
    initialise(data_dir());
    fs::remove_all(kept.string() + ".new");
    fs::copy(data_dir(), kept.string() + ".new", fs::copy_options::recursive);
    fs::rename(kept.string() + ".new", kept);
    return;
  }
  if (data_version(kept) != programs_version(programs_)) {
    fs::remove_all(kept);
    return initialise(data_dir());
  }
  fs::copy(kept, data_dir(), fs::copy_options::recursive);
  fs::permissions(data_dir(), fs::perms::owner_all);
  own(data_dir());
}

void postgres_server::write_configuration() {
  std::string lines = "\nlisten_addresses = '" + options_.addresses +
                      "'\nport = " + std::to_string(port_) + "\nunix_socket_directories = '" +
                      folder_.string() +
                      "'\nmax_connections = " + std::to_string(options_.max_connections) +
                      "\nfsync = " + (options_.fsync ? "on" : "off") +
                      // Files of the data folder: a killed server leaves nothing in /dev/shm.
                      "\ndynamic_shared_memory_type = mmap\n";
  if (options_.tls != server_tls::off) {
    const auto& files = authority_.emplace(folder_).files();
    authority_->issue(options_.tls == server_tls::valid ? 24h : -1h);
    own(files.certificate);
    own(files.key);
    lines += "ssl = on\nssl_cert_file = '" + files.certificate.string() + "'\nssl_key_file = '" +
             files.key.string() + "'\n";
  }
  for (const auto& setting : options_.settings) lines += setting + "\n";
  std::ofstream(data_dir() / "postgresql.conf", std::ios::app) << lines;
  const std::string method = options_.password.empty() ? "trust" : "scram-sha-256";
  std::ofstream(data_dir() / "pg_hba.conf")
      << "local all all " << method << "\nhost all all 127.0.0.0/8 " << method
      << "\nlocal replication all " << method << '\n';
}

void postgres_server::own(const fs::path& path) const { give_to(user_, path); }

void postgres_server::run_tool(std::vector<std::string> argv) {
  child_spec spec{std::move(argv), folder_ / "log", folder_, {}, user_, SIGKILL};
  const pid_t child = keeper_.run([&] { return spawn(spec); });
  const auto status = wait_exit(child, 60s);
  if (!status) {
    ::kill(child, SIGKILL);
    (void)wait_exit(child, 5s);
    fail(spec.argv[0] + " did not end within 60 s");
  }
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) fail(spec.argv[0] + " failed");
}

void postgres_server::start() {
  if (running()) return;
  if (pid_ != 0) (void)wait_exit(pid_, 1s); // it ended by itself: reap it
  pid_ = 0;
  // SIGQUIT: an immediate shutdown, which takes the backends along; SIGKILL would orphan them.
  const child_spec spec{{programs_ / "postgres", "-D", data_dir()},
                        folder_ / "log",
                        folder_,
                        options_.environment,
                        user_,
                        SIGQUIT};
  pid_ = keeper_.run([&] { return spawn(spec); });
  paused_ = false;
}

void postgres_server::wait_ready(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const std::string target = socket_target() + " dbname=postgres connect_timeout=2";
  while (PQping(target.c_str()) != PQPING_OK) {
    if (!running()) fail("the PostgreSQL server ended while it started");
    if (std::chrono::steady_clock::now() >= until)
      fail("the PostgreSQL server did not accept within " + std::to_string(limit.count()) + " ms");
    std::this_thread::sleep_for(5ms);
  }
}

void postgres_server::stop(stop_mode mode) {
  if (!running()) return;
  resume();
  ::kill(pid_, mode == stop_mode::fast ? SIGINT : SIGQUIT);
  if (!wait_exit(pid_, stop_limit)) fail("the PostgreSQL server did not stop within 30 s");
  pid_ = 0;
}

std::vector<pid_t> postgres_server::stop_everything() const {
  freeze(pid_); // it starts no further child
  std::vector<pid_t> children = children_of(pid_);
  signal_all(children, SIGSTOP);
  return children;
}

void postgres_server::kill_hard() {
  if (pid_ == 0) return;
  const auto children = running() ? stop_everything() : std::vector<pid_t>{};
  signal_all(children, SIGKILL);
  ::kill(pid_, SIGKILL);
  if (!wait_exit(pid_, stop_limit)) fail("the PostgreSQL server outlived SIGKILL");
  pid_ = 0;
  paused_ = false;
  const auto until = std::chrono::steady_clock::now() + stop_limit;
  for (const pid_t child : children)
    while (process_alive(child)) {
      if (std::chrono::steady_clock::now() >= until) fail("a backend outlived SIGKILL");
      std::this_thread::sleep_for(1ms);
    }
}

void postgres_server::restart() {
  stop();
  start();
  wait_ready();
}

bool postgres_server::kill_one_backend() {
  if (!running()) return false;
  for (const pid_t child : children_of(pid_))
    if (serves_a_client(child)) return ::kill(child, SIGKILL) == 0;
  return false;
}

bool postgres_server::serves_anybody() const {
  return running() && std::ranges::any_of(children_of(pid_), serves_a_client);
}

void postgres_server::pause() {
  if (!running() || paused_) return;
  (void)stop_everything();
  paused_ = true;
}

void postgres_server::resume() {
  if (!running() || !paused_) return;
  signal_all(children_of(pid_), SIGCONT);
  ::kill(pid_, SIGCONT);
  paused_ = false;
}

/// The server itself first: children to come inherit its limit. One that it was forking has the old
/// limit, and is on the list once the server stands.
void postgres_server::limit_processes(int resource, std::uint64_t limit) {
  limit_resource(user_, {pid_}, resource, limit);
  freeze(pid_);
  const std::vector<pid_t> children = children_of(pid_);
  if (!paused_) ::kill(pid_, SIGCONT);
  limit_resource(user_, children, resource, limit);
}

void postgres_server::limit_file_size(std::optional<std::uint64_t> bytes) {
  limit_processes(RLIMIT_FSIZE, bytes.value_or(RLIM_INFINITY));
}

void postgres_server::limit_memory(std::optional<std::uint64_t> more) {
  limit_processes(RLIMIT_AS, more ? address_space_of(pid_) + *more : RLIM_INFINITY);
}

void postgres_server::renew_certificate(std::chrono::seconds valid_for) {
  authority_.value().issue(valid_for);
  own(authority_->files().certificate);
  ::kill(pid_, SIGHUP);
}

bool postgres_server::running() const { return pid_ != 0 && process_alive(pid_); }

std::string postgres_server::url() const {
  const std::string secret = options_.password.empty() ? "" : ":" + percent_encoded(password());
  return "postgresql://postgres" + secret + "@" +
         options_.addresses.substr(0, options_.addresses.find(',')) + ":" + std::to_string(port_) +
         "/postgres";
}

std::string postgres_server::log_tail(std::size_t bytes) const {
  return end_of_file(folder_ / "log", bytes);
}

void postgres_server::forget_shared_memory() const {
  if (const auto id = shared_memory_id(data_dir())) ::shmctl(*id, IPC_RMID, nullptr);
}

void postgres_server::fail(const std::string& what) const {
  throw server_error(what + "; the end of its log:\n" + log_tail());
}

} // namespace holdfast::testing
