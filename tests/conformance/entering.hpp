// What the witnesses of servers share: the one password of a run, and how an entry becomes a URL.
#pragma once

#include "conformance/witness.hpp"

#include <random>
#include <string>

namespace holdfast::conformance {

/// Where it is found, it was shown: nobody else says this word.
inline std::string random_password() {
  std::random_device device;
  std::string text = "canary";
  for (int i = 0; i < 4; ++i) text += std::to_string(device());
  return text;
}

/// What `how` leaves empty is as usual: the rest of the arguments.
inline std::string url_of(std::string_view scheme, const entry& how, std::string_view user,
                          std::string_view password, std::uint16_t port,
                          std::string_view database) {
  const auto or_else = [](std::string_view given, std::string_view usual) {
    return std::string{given.empty() ? usual : given};
  };
  return std::string{scheme} + "://" + or_else(how.user, user) + ":" +
         or_else(how.password, password) + "@" + or_else(how.host, "127.0.0.1") + ":" +
         std::to_string(how.port == 0 ? port : how.port) + "/" + or_else(how.database, database);
}

} // namespace holdfast::conformance
