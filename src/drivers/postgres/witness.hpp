// What a connection learns of its own transaction while it runs.
#pragma once

#include "drivers/postgres/transaction_name.hpp"

#include <cstdint>
#include <libpq-fe.h>

namespace holdfast::drivers::postgres {

/// -> system identifier, timeline (null in recovery), reset, pid, its start
[[nodiscard]] const char* who_is_there_sql() noexcept;
/// -> the id of this transaction, or null while it has none
inline constexpr const char* own_id_sql = "select pg_current_xact_id_if_assigned()";

/// What a connection knows of its own transaction.
struct transaction_witness {
  incarnation server{}; ///< a session does not outlive its server: asked once
  backend session{};
  bool follows = false;        ///< the open block is to be named
  bool unsure = false;         ///< something ran since the id was last looked at
  bool wrote = false;          ///< by the text of what ran
  std::uint64_t xid = 0;       ///< of the open block, or of the one whose COMMIT was not answered
  bool id_is_prepared = false; ///< the server knows `own_id_sql` by its name

  [[nodiscard]] bool knows_server() const noexcept { return server.timeline != 0; }
  [[nodiscard]] bool rides() const noexcept { return follows && xid == 0; }
  [[nodiscard]] bool must_look() const noexcept { return rides() && unsure; }
  /// Followed from its beginning to its end, and no id was ever needed.
  [[nodiscard]] bool wrote_nothing() const noexcept { return rides() && !unsure && !wrote; }
  void block_begins(bool traceable) noexcept {
    follows = traceable && knows_server();
    unsure = wrote = false;
    xid = 0;
  }
  /// While it lives no statement carries the question; what runs then is looked at before COMMIT.
  class pause {
  public:
    explicit pause(transaction_witness& w) noexcept : witness_{w}, follows_{w.follows} {
      if (follows_) w.unsure = w.wrote = true;
      w.follows = false;
    }
    pause(const pause&) = delete;
    pause& operator=(const pause&) = delete;
    ~pause() { witness_.follows = follows_; }

  private:
    transaction_witness& witness_;
    bool follows_;
  };
  /// From the rows of `who_is_there_sql` and `own_id_sql`, in text form.
  void note_server(const PGresult* r, bool shares_session);
  void note_id(const PGresult* r);
};

} // namespace holdfast::drivers::postgres
