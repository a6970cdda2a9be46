#include "testing/mariadb_server.hpp"

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <thread>

namespace holdfast::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto shutdown_limit = 30s;

/// The same when the data folder is made and later: a redo log that has another size is made anew.
constexpr const char* storage = "innodb_log_file_size = 48M\n"
                                "character_set_server = utf8mb4\n"
                                "skip_name_resolve = on\n";

} // namespace

std::optional<fs::path> mariadb_server::find_program() { return program_named("mariadbd"); }

mariadb_server::mariadb_server(mariadb_server_options options) : options_(std::move(options)) {
  make();
}

mariadb_server::mariadb_server(const mariadb_server& primary, mariadb_server_options options)
    : options_(std::move(options)) {
  if (!primary.options_.binary_log)
    throw server_error("a server without a binary log cannot be followed");
  options_.binary_log = true; // it may be promoted
  options_.password = primary.password();
  make();
  follow(primary);
}

void mariadb_server::make() {
  const auto program = find_program();
  if (!program)
    throw server_error("no MariaDB server found; install Debian's mariadb-server-core and "
                       "mariadb-client-core");
  program_ = *program;
  // Debian's mariadb-server-core, which starts no service, brings no user either.
  user_ = unprivileged_user({"mysql", "nobody"}, "mariadb-server");
  port_ = options_.port != 0 ? options_.port : free_port();
  folder_ = make_temporary_folder("holdfast-mariadb-");
  try {
    give_to(user_, folder_);
    issue_certificate();
    write_configuration();
    initialise();
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

mariadb_server::~mariadb_server() {
  try {
    kill_hard();
  } catch (const std::exception&) { // nobody is left to tell
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void mariadb_server::initialise() {
  const auto tool = program_named("mariadb-install-db");
  if (!tool) throw server_error("mariadb-install-db is missing");
  // Not in the binary log: a replica makes its own users.
  const fs::path users = folder_ / "users.sql";
  const std::string secret = sql_literal(options_.password);
  write_private_file(users, "flush privileges;\n"
                            "create database app;\n"
                            "create user app@'%' identified by " +
                                secret +
                                ";\n"
                                "grant all on app.* to app@'%';\n"
                                "grant process, slave monitor on *.* to app@'%';\n"
                                "alter user root@localhost identified by " +
                                secret +
                                ";\n"
                                "alter user root@'127.0.0.1' identified by " +
                                secret + ";\n");
  give_to(user_, users);
  const fs::path options = folder_ / "install.cnf";
  std::ofstream(options) << "[mariadbd]\n"
                         << storage << "innodb_flush_method = nosync\ntmpdir = " << folder_.string()
                         << '\n';
  // Without the password in its arguments, which everybody may read.
  run_tool({*tool, "--defaults-file=" + options.string(), "--datadir=" + data_dir().string(),
            "--auth-root-authentication-method=normal", "--skip-test-db",
            "--extra-file=" + users.string()});
  fs::remove(users);
  fs::remove(folder_ / "log"); // its advice is for others
}

void mariadb_server::issue_certificate() {
  if (options_.tls == server_tls::off) return;
  const auto& files = authority_.emplace(folder_).files();
  authority_->issue(options_.tls == server_tls::valid ? 24h : -1h);
  give_to(user_, files.certificate);
  give_to(user_, files.key);
}

std::string mariadb_server::address() const {
  return options_.addresses.substr(0, options_.addresses.find(','));
}

/// Another one for each address and port.
std::uint32_t mariadb_server::server_id() const {
  const std::string host = address();
  const auto last = static_cast<std::uint32_t>(std::stoul(host.substr(host.rfind('.') + 1)));
  return (last << 16U) + port_;
}

void mariadb_server::write_configuration() const {
  std::ofstream file(folder_ / "server.cnf");
  file << "[mariadbd]\n"
       << storage << "datadir = "
       << data_dir().string()
       // A server that starts removes what others left behind in a folder that they share.
       << "\ntmpdir = " << folder_.string() << "\nsocket = " << socket().string()
       << "\npid_file = " << (folder_ / "pid").string() << "\nport = " << port_
       << "\nbind_address = " << options_.addresses
       << "\nmax_connections = " << options_.max_connections
       << "\nperformance_schema = off\ninnodb_buffer_pool_size = 32M\n"
          "innodb_flush_log_at_trx_commit = "
       << (options_.fsync ? "1" : "2\ninnodb_flush_method = nosync") << '\n';
  if (options_.binary_log)
    file << "log_bin = binlog\nrelay_log = relay\nlog_slave_updates = on\nskip_slave_start = on\n"
            "slave_net_timeout = 2\nserver_id = "
         << server_id() << "\nsync_binlog = " << (options_.fsync ? 1 : 0) << '\n';
  if (!following_.empty()) {
    file << "read_only = on\ninit_file = " << (folder_ / "follow.sql").string() << '\n';
    write_private_file(folder_ / "follow.sql", following_);
    give_to(user_, folder_ / "follow.sql");
  }
  if (authority_)
    file << "ssl_cert = " << authority_->files().certificate.string()
         << "\nssl_key = " << authority_->files().key.string() << '\n';
  for (const auto& setting : options_.settings) file << setting << '\n';
}

void mariadb_server::run_tool(std::vector<std::string> argv) {
  const child_spec spec{std::move(argv), folder_ / "log", folder_, {}, user_, SIGKILL};
  const pid_t child = keeper_.run([&] { return spawn(spec); });
  const auto status = wait_exit(child, 60s);
  if (!status) {
    ::kill(-child, SIGKILL);
    (void)wait_exit(child, 5s);
    fail(spec.argv[0] + " did not end within 60 s");
  }
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) fail(spec.argv[0] + " failed");
}

void mariadb_server::start() {
  if (running()) return;
  if (pid_ != 0) (void)wait_exit(pid_, 1s); // it ended by itself: reap it
  pid_ = 0;
  const child_spec spec{{program_, "--defaults-file=" + (folder_ / "server.cnf").string()},
                        folder_ / "log",
                        folder_,
                        options_.environment,
                        user_,
                        SIGKILL};
  pid_ = keeper_.run([&] { return spawn(spec); });
  paused_ = false;
}

void mariadb_server::wait_ready(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const mariadb_session session(admin());
    if (session.open()) return;
    if (!running()) fail("the MariaDB server ended while it started");
    if (std::chrono::steady_clock::now() >= until)
      fail("the MariaDB server did not accept within " + std::to_string(limit.count()) + " ms (" +
           session.why() + ")");
    std::this_thread::sleep_for(5ms);
  }
}

void mariadb_server::stop() {
  if (!running()) return;
  resume();
  ::kill(pid_, SIGTERM);
  if (!wait_exit(pid_, shutdown_limit)) fail("the MariaDB server did not stop within 30 s");
  pid_ = 0;
}

void mariadb_server::kill_hard() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  if (!wait_exit(pid_, shutdown_limit)) fail("the MariaDB server outlived SIGKILL");
  pid_ = 0;
  paused_ = false;
}

void mariadb_server::restart() {
  stop();
  start();
  wait_ready();
}

void mariadb_server::pause() {
  if (!running() || paused_) return;
  freeze(pid_); // the last of its threads may still be answering
  paused_ = true;
}

void mariadb_server::resume() {
  if (!running() || !paused_) return;
  ::kill(pid_, SIGCONT);
  paused_ = false;
}

void mariadb_server::limit_file_size(std::optional<std::uint64_t> bytes) {
  limit_resource(user_, {pid_}, RLIMIT_FSIZE, bytes.value_or(RLIM_INFINITY));
}

void mariadb_server::limit_memory(std::optional<std::uint64_t> more) {
  limit_resource(user_, {pid_}, RLIMIT_AS, more ? address_space_of(pid_) + *more : RLIM_INFINITY);
}

void mariadb_server::renew_certificate(std::chrono::seconds valid_for) {
  authority_.value().issue(valid_for);
  give_to(user_, authority_->files().certificate);
  (void)ask("flush ssl");
}

bool mariadb_server::running() const { return pid_ != 0 && process_alive(pid_); }

mariadb_target mariadb_server::admin() const {
  return {.socket = socket(), .user = "root", .password = options_.password};
}

std::string mariadb_server::ask(const std::string& sql, const char* column) const {
  mariadb_session session(admin());
  if (!session.open()) fail("the MariaDB server does not answer (" + session.why() + ")");
  return session.ask(sql, column);
}

std::string mariadb_server::url_of(const char* user) const {
  const std::string secret = options_.password.empty() ? "" : ":" + percent_encoded(password());
  return "mysql://" + (user + secret) + "@" +
         options_.addresses.substr(0, options_.addresses.find(',')) + ":" + std::to_string(port_) +
         "/app";
}

std::string mariadb_server::log_tail(std::size_t bytes) const {
  return end_of_file(folder_ / "log", bytes);
}

void mariadb_server::fail(const std::string& what) const {
  throw server_error(what + "; the end of its log:\n" + log_tail());
}

} // namespace holdfast::testing
