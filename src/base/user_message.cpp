#include <holdfast/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

// Sentences for people who know nothing of databases. They are built from code, kind, advice,
// effect and retry_after alone: `message`, `native_message` and `where` are never looked at.

namespace holdfast {
namespace {

using std::chrono::seconds;

struct answer {
  std::string_view what;
  std::string_view then; ///< what the user can do, where waiting does not help
  seconds wait{};        ///< above zero: trying again after this may help
};

constexpr answer no_use{"Something went wrong on our side.",
                        "Trying again will not help; please tell the operator."};

answer by_kind(category kind) noexcept {
  switch (kind) {
  case category::connection:
    return {"The service cannot reach its data at the moment.", "", seconds{30}};
  case category::timeout: return {"This took too long and was given up.", "", seconds{10}};
  case category::pool: return {"The service is very busy at the moment.", "", seconds{5}};
  case category::overload:
    return {"The service is protecting itself from too much load.", "", seconds{10}};
  case category::conflict:
    return {"Somebody else was changing the same data at the same moment.", "", seconds{1}};
  case category::failover: return {"The service is switching to another server.", "", seconds{15}};
  case category::auth:
  case category::configuration:
    return {"The service is not set up correctly.",
            "Trying again will not help; please tell the operator."};
  case category::permission:
    return {"The service is not allowed to do this.",
            "Trying again will not help; please tell the operator."};
  case category::constraint:
    return {"The change does not fit the data that is there.",
            "Trying again will not help; please check what you entered."};
  case category::data:
    return {"A value that was entered cannot be stored.",
            "Trying again will not help; please check what you entered."};
  case category::resource: return {"The service has run out of room to work.", "", seconds{300}};
  case category::corruption:
    return {"Stored data may be damaged.",
            "Trying again will not help; please tell the operator at once."};
  case category::cancelled:
    return {"The action was cancelled.", "You can start it again at any time."};
  case category::protocol:
    return {"The service got an answer that it could not understand.", "", seconds{30}};
  case category::request:
  case category::internal: return no_use;
  }
  return no_use;
}

answer by_code(const error& e) noexcept {
  switch (e.code) {
  case errc::unique_violation:
    return {"This already exists.", "Trying again will not help; please choose another value."};
  case errc::foreign_key_violation:
    return {"This depends on something that does not exist, or that is still in use.",
            "Trying again will not help; please check what you entered."};
  case errc::not_null_violation:
    return {"A value that is needed is missing.", "Trying again will not help; please fill it in."};
  case errc::tls_failed:
  case errc::certificate_expired:
  case errc::certificate_untrusted:
  case errc::certificate_mismatch:
    return {"The service cannot reach its data safely.",
            "Trying again will not help; please tell the operator."};
  case errc::pool_closed:
  case errc::forked:
    return {"The service is shutting down or was not started correctly.",
            "Trying again will not help until it has been restarted."};
  case errc::operation_key_reused:
    return {"This was already done once, with other details.",
            "Trying again will not help; please start afresh."};
  case errc::stale_statement: return {"The data was being reorganised.", "", seconds{1}};
  default: return by_kind(e.kind);
  }
}

std::string in_words(std::chrono::nanoseconds wait) {
  const auto whole = std::chrono::ceil<seconds>(wait).count();
  if (whole <= 1) return "in a moment";
  if (whole < 120) return "in about " + std::to_string(whole) + " seconds";
  return "in about " + std::to_string((whole + 59) / 60) + " minutes";
}

} // namespace

std::string user_message(const error& e) {
  if (e.effect == side_effect::unknown || e.code == errc::outcome_unknown)
    return "It could not be confirmed whether your change was saved. Please check before you try "
           "again: doing it a second time might do it twice.";
  const answer a = by_code(e);
  const std::string what{a.what};
  if (e.effect == side_effect::applied)
    return what + " Your change was saved all the same; please do not repeat it.";
  if (a.wait == seconds::zero()) return what + " " + std::string{a.then};
  const std::chrono::nanoseconds wait = e.retry_after.value_or(a.wait);
  return what + " Nothing was changed. Trying again " + in_words(wait) + " may help.";
}

} // namespace holdfast
