#include <holdfast/exceptions.hpp>
#include <holdfast/result.hpp>

#include <array>

namespace holdfast {

struct database_error::state {
  error details;
  std::string line;
};

database_error::database_error(error e) {
  auto line = to_string(e);
  state_ = std::make_shared<const state>(state{std::move(e), std::move(line)});
}

const char* database_error::what() const noexcept { return state_->line.c_str(); }
const error& database_error::details() const noexcept { return state_->details; }

namespace {

template <class Exception>
[[noreturn]] void raise(error&& e) {
  throw Exception{std::move(e)};
}

// In the order of `category`.
constexpr std::array raisers{
    &raise<connection_error>,    &raise<timeout_error>,    &raise<pool_error>,
    &raise<overload_error>,      &raise<conflict_error>,   &raise<failover_error>,
    &raise<auth_error>,          &raise<permission_error>, &raise<constraint_error>,
    &raise<request_error>,       &raise<data_error>,       &raise<resource_error>,
    &raise<corruption_error>,    &raise<cancelled_error>,  &raise<protocol_error>,
    &raise<configuration_error>, &raise<internal_error>,
};
static_assert(raisers.size() == static_cast<std::size_t>(category::internal) + 1);

} // namespace

void throw_error(error e) {
  const auto kind = static_cast<std::size_t>(e.kind);
  raisers[kind](std::move(e));
  __builtin_unreachable();
}

} // namespace holdfast
