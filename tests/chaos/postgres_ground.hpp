#pragma once

#include "chaos/server_ground.hpp"
#include "testing/postgres_server.hpp"

namespace holdfast::matrix {

/// A PostgreSQL of its own. The boss enters as the superuser.
class postgres_ground final : public server_ground {
public:
  explicit postgres_ground(testing::postgres_server_options options = {});

  [[nodiscard]] std::string title() const override;
  [[nodiscard]] const dialect& words() const noexcept override;
  [[nodiscard]] database& boss() override { return boss_; }
  void make_tables() override;
  [[nodiscard]] std::uint16_t port() const override { return server.port(); }
  [[nodiscard]] std::string url(std::uint16_t port) const override;
  [[nodiscard]] database connect(const std::string& url,
                                 const database_options& options) const override;
  void mend() override;

  [[nodiscard]] fault_protocol protocol() const noexcept override {
    return fault_protocol::postgresql;
  }
  [[nodiscard]] std::unique_ptr<server_ground> another(const server_needs& needs) const override;
  [[nodiscard]] std::unique_ptr<server_pair> pair() const override;
  void kill_hard() override { server.kill_hard(); }
  void stop() override { server.stop(testing::postgres_server::stop_mode::fast); }
  void start() override;
  void pause() override { server.pause(); }
  void resume() override { server.resume(); }
  void end_sessions() override;
  void end_a_session() override;
  void set_read_only(bool on) override;
  void take_places(bool on) override;
  void set_password(const std::string& word) override;
  void renew_certificate(std::chrono::seconds valid_for) override;
  [[nodiscard]] std::string ca_file() const override { return server.ca_file(); }
  [[nodiscard]] std::filesystem::path folder() const override { return server.socket_dir(); }
  void prepare_full_disk() override;
  void fill_disk() override;
  void free_disk() override { server.limit_file_size(std::nullopt); }
  void limit_memory(bool on) override;

  /// From here on the boss enters another server, which follows this one.
  void follow(testing::postgres_server& other);

  testing::postgres_server server;

private:
  database boss_;
};

/// The superuser's own way into a server.
[[nodiscard]] database enter_as_boss(testing::postgres_server& server);

/// fsync is off: what is tested is what replies were lost, not what a disk keeps.
[[nodiscard]] testing::postgres_server_options fast_server();

} // namespace holdfast::matrix
