#pragma once

#include "chaos/matrix.hpp"
#include "testing/postgres_server.hpp"

namespace holdfast::matrix {

/// A PostgreSQL of its own. Callers enter as the role `app`, the boss as the superuser.
class postgres_ground final : public ground {
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

  /// Of the role `app`.
  void end_sessions();
  /// From here on the boss enters another server, which follows this one.
  void follow(testing::postgres_server& other);

  testing::postgres_server server;

private:
  database boss_;
};

/// Where this cell plays: it is one of PostgreSQL's.
[[nodiscard]] inline postgres_ground& on_postgres(trial& t) {
  return static_cast<postgres_ground&>(t.at);
}

/// The superuser's own way into a server.
[[nodiscard]] database enter_as_boss(testing::postgres_server& server);

/// fsync is off: what is tested is what replies were lost, not what a disk keeps.
[[nodiscard]] testing::postgres_server_options fast_server();

} // namespace holdfast::matrix
