// A ground with a server of its own: what can be done to it, for the cells of all such engines.
#pragma once

#include "chaos/matrix.hpp"
#include "testing/server_files.hpp"

#include <holdfast/fault_proxy.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace holdfast::matrix {

struct server_needs {
  std::string password{}; ///< of everybody
  testing::server_tls tls = testing::server_tls::off;
  bool returns_memory = false; ///< what was freed is asked for again
};

class server_pair;

/// Verbs throw testing::server_error. Callers enter as the user `app`.
class server_ground : public ground {
public:
  [[nodiscard]] virtual fault_protocol protocol() const noexcept = 0;
  /// Another of its kind.
  [[nodiscard]] virtual std::unique_ptr<server_ground> another(const server_needs& needs) const = 0;

  /// One of its kind on 127.0.0.1, followed by another, on 127.0.0.2 and the same port, without
  /// which no commit is acknowledged.
  [[nodiscard]] virtual std::unique_ptr<server_pair> pair() const = 0;

  virtual void kill_hard() = 0;
  virtual void stop() = 0;  ///< in good order
  virtual void start() = 0; ///< returns once it accepts
  virtual void pause() = 0;
  virtual void resume() = 0;

  virtual void end_sessions() = 0; ///< those of callers
  virtual void end_a_session() = 0;
  virtual void set_read_only(bool on) = 0;
  /// Callers who come find no place, as if others had taken all there are.
  virtual void take_places(bool on) = 0;
  virtual void set_password(const std::string& word) = 0;
  virtual void renew_certificate(std::chrono::seconds valid_for) = 0;
  [[nodiscard]] virtual std::string ca_file() const = 0;
  [[nodiscard]] virtual std::filesystem::path folder() const = 0;

  /// What the disk's end needs beforehand in the fresh tables; its files grow no more, and are
  /// full.
  virtual void prepare_full_disk() = 0;
  virtual void fill_disk() = 0;
  virtual void free_disk() = 0;
  /// There is no more memory than now, and each write takes much for a moment; or all of it again.
  virtual void limit_memory(bool on) = 0;
};

class server_pair {
public:
  server_pair() = default;
  virtual ~server_pair() = default;
  server_pair(const server_pair&) = delete;
  server_pair& operator=(const server_pair&) = delete;

  [[nodiscard]] virtual server_ground& first() = 0;
  [[nodiscard]] virtual std::string url() const = 0;                                ///< of both
  [[nodiscard]] virtual std::string url_of_name(const std::string& host) const = 0; ///< of either
  /// The second takes writes from here on, and there the boss enters.
  virtual void take_over() = 0;
  /// The first ends, and comes back as one that follows the second.
  virtual void step_down() = 0;
  /// The first starts again after it was killed: as the primary that it was, if its engine can tell
  /// that there is a successor, else as its operator has to start it.
  virtual void come_back() = 0;
  /// How often one of the first's sessions was told that it may not write, at worst, by its own
  /// account; empty where it keeps none.
  [[nodiscard]] virtual std::optional<std::size_t> most_refusals() const = 0;
  [[nodiscard]] virtual std::int64_t sessions_at_the_first() = 0; ///< of callers
};

/// Where this cell plays: its engine has a server.
[[nodiscard]] inline server_ground& on_server(trial& t) {
  return static_cast<server_ground&>(t.at);
}

} // namespace holdfast::matrix
