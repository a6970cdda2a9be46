#pragma once

#include <holdfast/error.hpp>

#include <exception>
#include <memory>

namespace holdfast {

/// What the throwing verbs throw; the subclass tells the kind. Copying never throws.
class database_error : public std::exception {
public:
  explicit database_error(error e);

  /// One line without the server's own words: safe to log.
  [[nodiscard]] const char* what() const noexcept override;

  [[nodiscard]] const error& details() const noexcept;
  [[nodiscard]] errc code() const noexcept { return details().code; }
  [[nodiscard]] category kind() const noexcept { return details().kind; }
  [[nodiscard]] advice next() const noexcept { return details().next; }
  [[nodiscard]] side_effect effect() const noexcept { return details().effect; }
  [[nodiscard]] const std::string& outcome_token() const noexcept {
    return details().outcome_token;
  }

private:
  struct state;
  std::shared_ptr<const state> state_;
};

// One class a `category`.
class connection_error : public database_error {
  using database_error::database_error;
};
class timeout_error : public database_error {
  using database_error::database_error;
};
class pool_error : public database_error {
  using database_error::database_error;
};
class overload_error : public database_error {
  using database_error::database_error;
};
class conflict_error : public database_error {
  using database_error::database_error;
};
class failover_error : public database_error {
  using database_error::database_error;
};
class auth_error : public database_error {
  using database_error::database_error;
};
class permission_error : public database_error {
  using database_error::database_error;
};
class constraint_error : public database_error {
  using database_error::database_error;
};
class request_error : public database_error {
  using database_error::database_error;
};
class data_error : public database_error {
  using database_error::database_error;
};
class resource_error : public database_error {
  using database_error::database_error;
};
class corruption_error : public database_error {
  using database_error::database_error;
};
class cancelled_error : public database_error {
  using database_error::database_error;
};
class protocol_error : public database_error {
  using database_error::database_error;
};
class configuration_error : public database_error {
  using database_error::database_error;
};
class internal_error : public database_error {
  using database_error::database_error;
};

} // namespace holdfast
