// One file each.
#pragma once

#include "fuzz/target.hpp"

namespace holdfast::fuzz {

void config_file(std::string_view input);
std::vector<std::string> config_file_seeds();

void conversation(std::string_view input);
std::vector<std::string> conversation_seeds();

void fault_rule_text(std::string_view input);
std::vector<std::string> fault_rule_seeds();

void mysql_messages(std::string_view input);
std::vector<std::string> mysql_messages_seeds();

void mysql_text(std::string_view input);
std::vector<std::string> mysql_text_seeds();

void mysql_values(std::string_view input);
std::vector<std::string> mysql_values_seeds();

void option_codec(std::string_view input);
std::vector<std::string> option_codec_seeds();

void pool_driver_line(std::string_view input);
std::vector<std::string> pool_driver_seeds();

void postgres_binary(std::string_view input);
std::vector<std::string> postgres_binary_seeds();

void proxy_messages(std::string_view input);
std::vector<std::string> proxy_messages_seeds();

void postgres_text(std::string_view input);
std::vector<std::string> postgres_text_seeds();

void service_file(std::string_view input);
std::vector<std::string> service_file_seeds();

void sql_text(std::string_view input);
std::vector<std::string> sql_text_seeds();

void stored_result(std::string_view input);
std::vector<std::string> stored_result_seeds();

void token(std::string_view input);
std::vector<std::string> token_seeds();

void url_text(std::string_view input);
std::vector<std::string> url_seeds();

} // namespace holdfast::fuzz
