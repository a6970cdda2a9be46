#pragma once

#include <holdfast/result.hpp>
#include <holdfast/time.hpp>
#include <holdfast/url.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// What a fault does. docs/guide/chaos.md has the same list with examples.
enum class fault_verb : std::uint8_t {
  refuse,     ///< nobody listens; with a probability or a connection's number: accepted and reset
  black_hole, ///< accepted, and nothing is read or forwarded any more
  delay,      ///< bytes arrive `time` ± `jitter` later; at a place of the stream: one pause there
  bandwidth,  ///< at most `rate` bytes a second
  slice,      ///< pieces of at most `size` bytes, `time` between them
  truncate,   ///< both sides are closed in good order, as if all had been said
  corrupt,    ///< the next byte is changed: its bits in `mask` are turned over
  reset,      ///< both sides are reset (RST)
  half_close, ///< the receiver is told that no more will come; what still comes is dropped
};

enum class fault_direction : std::uint8_t { both, to_server, to_client };

/// What is spoken through a proxy; MariaDB speaks MySQL's.
enum class fault_protocol : std::uint8_t { postgresql, mysql };

/// Where in the stream it happens. The last five need the proxy's protocol, without TLS.
enum class fault_place : std::uint8_t {
  offset,        ///< after `after` bytes of its direction, counted since the rule is in force
  pattern,       ///< after each occurrence of `pattern`
  end,           ///< where the sender has closed its side
  before_commit, ///< before the first byte of a COMMIT is forwarded
  after_commit,  ///< the COMMIT has been forwarded, and its reply has not
  in_row,        ///< in the middle of row `row` of a result
  row_length,    ///< at the first byte of the length of row `row`
  cancel,        ///< within a cancel request
};

/// One fault; several may be in force at once. A plain value.
struct fault_rule {
  fault_verb verb = fault_verb::reset;
  /// Which bytes are harmed. `both` at a place that one side's bytes make: the bytes of that side,
  /// but for black_hole, which is for both then.
  fault_direction direction = fault_direction::both;
  fault_place at = fault_place::offset;
  std::uint64_t after = 0;                   ///< `offset`: of each connection; 0: at once
  std::string pattern = {};                  ///< `pattern`: 1 to 256 bytes
  std::uint32_t row = 1;                     ///< `in_row`, `row_length`: from 1
  double probability = 1;                    ///< of each connection; at other places, of each time
  std::optional<std::uint32_t> connection{}; ///< only the nth since the proxy began, from 1
  std::optional<std::uint32_t> times{};      ///< at most so often, over all connections
  duration time{};                           ///< `delay`, `slice`
  duration jitter{};                         ///< `delay`: up to so much more or less
  std::uint64_t rate = 0;                    ///< `bandwidth`: bytes a second
  std::uint64_t size = 0;                    ///< `slice`: bytes
  std::uint8_t mask = 0xff;                  ///< `corrupt`
};

/// Reads `reset at=after_commit times=1`. Errors: invalid_configuration, with the word, what was
/// given and what it takes.
[[nodiscard]] result<fault_rule> parse_fault_rule(std::string_view text);
/// The text that `parse_fault_rule` would read back, without what is by default.
[[nodiscard]] std::string to_string(const fault_rule&);

/// Would `fault_proxy::command` understand this line? Errors: invalid_configuration.
[[nodiscard]] result<void> check_fault_command(std::string_view line);

/// One thing that a proxy did.
struct fault_record {
  duration when{};              ///< since the proxy began
  std::uint64_t connection = 0; ///< from 1, in the order of arrival
  std::uint32_t rule = 0;       ///< as `fault_proxy::add` gave it
  fault_verb verb{};
  fault_direction direction{}; ///< whose bytes were harmed
  std::uint64_t byte = 0;      ///< how many of them had gone through unharmed
};

/// `connection 3: reset (rule 1) to_server after byte 512`
[[nodiscard]] std::string to_string(const fault_record&);

struct fault_proxy_options {
  host_port listen{"127.0.0.1", 0}; ///< port 0 or none: any that is free
  host_port to{};                   ///< a name or an address, and a port
  /// Decides all probabilities and jitters: rule by rule, connection by connection.
  std::uint64_t seed = 1;
  fault_protocol protocol = fault_protocol::postgresql;
  /// Told of each record, on the proxy's own thread: must not block nor call the proxy.
  std::function<void(const fault_record&)> on_fault = {};
};

struct fault_proxy_status {
  bool listening = false;
  std::uint64_t accepted = 0; ///< since it began
  std::uint64_t open = 0;
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
};

/// A TCP proxy that does harm on request, for tests of what stands on either side of it. It has one
/// thread of its own. Not for production, and no help against an enemy: who reaches its port
/// reaches the server. It reads its protocol just enough to know the places of
/// `fault_place`, never changes it of its own accord, and hands through what it does not
/// understand, TLS included.
///
/// Threads: any verb from any thread; each returns when it is in force. Verbs throw database_error.
class fault_proxy {
public:
  /// Listens when it returns. Nothing is connected to the server before a client comes.
  /// Errors: invalid_configuration (an option, a port in use, a target that is the proxy itself).
  explicit fault_proxy(fault_proxy_options options);
  /// Resets all connections.
  ~fault_proxy();
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  [[nodiscard]] const std::string& host() const noexcept; ///< where it listens, numeric
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// For connections that are there and that come. The rule's number, from 1.
  std::uint32_t add(const fault_rule& rule);
  /// `add` of a rule's text.
  std::uint32_t add(std::string_view rule);
  /// False if there is no such rule. What it held back goes on.
  bool remove(std::uint32_t rule);
  /// As a server that dies: nobody listens, and all connections are reset. `heal` ends it.
  void stop();
  /// Removes all rules, listens again, and delivers what was held back.
  void heal();

  /// What was done so far, oldest first; the newest 10,000.
  [[nodiscard]] std::vector<fault_record> records() const;
  [[nodiscard]] fault_proxy_status status() const;

  /// One line of the control protocol: a rule, or `remove 1`, `rules`, `stop`, `heal`, `status`,
  /// `records`, `help`. The answer's last line begins with `ok` or `error:`.
  std::string command(std::string_view line);
  /// Takes the same lines from whoever connects there (port 0: any that is free); gives the port.
  std::uint16_t open_control(const host_port& listen);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace holdfast
