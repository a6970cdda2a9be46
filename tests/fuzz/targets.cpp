#include "fuzz/targets.hpp"

#include <array>

namespace holdfast::fuzz {

namespace {

// `./run fuzz` reads the names out of this table.
constexpr auto all = std::to_array<target>({
    {"config_file", "TOML files, down to the options", config_file, config_file_seeds},
    {"conversation", "the proxy's rules on any bytes of a connection", conversation,
     conversation_seeds},
    {"fault_rule", "the proxy's rules and its control lines", fault_rule_text, fault_rule_seeds},
    {"mysql_messages", "what the proxy reads of MySQL's protocol", mysql_messages,
     mysql_messages_seeds},
    {"mysql_text", "what a statement's text tells a MySQL driver", mysql_text, mysql_text_seeds},
    {"mysql_values", "what a MySQL driver decodes by itself", mysql_values, mysql_values_seeds},
    {"option_codec", "values of options", option_codec, option_codec_seeds},
    {"pool_driver", "the pool driver's JSON lines", pool_driver_line, pool_driver_seeds},
    {"postgres_binary", "cells in PostgreSQL's binary form, arrays too", postgres_binary,
     postgres_binary_seeds},
    {"postgres_messages", "what the proxy reads of PostgreSQL's protocol", proxy_messages,
     proxy_messages_seeds},
    {"postgres_text", "cells in PostgreSQL's text form, arrays too", postgres_text,
     postgres_text_seeds},
    {"service_file", "PostgreSQL's service files", service_file, service_file_seeds},
    {"sql_text", "what a statement's text tells a PostgreSQL driver", sql_text, sql_text_seeds},
    {"stored_result", "results stored beside an operation key", stored_result, stored_result_seeds},
    {"token", "outcome tokens: keys and transactions", token, token_seeds},
    {"url", "database URLs, with their parameters", url_text, url_seeds},
});

} // namespace

std::span<const target> targets() { return all; }

const target* find_target(std::string_view name) {
  for (const target& t : all)
    if (t.name == name) return &t;
  return nullptr;
}

} // namespace holdfast::fuzz
