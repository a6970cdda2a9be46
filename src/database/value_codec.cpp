#include "database/value_codec.hpp"

#include <bit>
#include <cstring>
#include <string>

namespace holdfast::detail {

namespace {

constexpr std::byte codec_version{1};
constexpr int deepest_array = 32; // of arrays in arrays

class value_writer {
public:
  explicit value_writer(bytes& out) noexcept : out_{out} {}

  /// Little-endian, whatever this machine is: the file may be carried to another.
  void number(std::uint64_t n) {
    for (int i = 0; i < 8; ++i) out_.push_back(static_cast<std::byte>(n >> (8 * i)));
  }
  void run(const void* data, std::size_t size) {
    number(size);
    const auto* first = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), first, first + size);
  }
  void item(const value& v) {
    out_.push_back(static_cast<std::byte>(v.type()));
    std::visit([this](const auto& x) { put(x); }, v);
  }
  void list(std::span<const value> values) {
    number(values.size());
    for (const value& v : values) item(v);
  }

private:
  void put(null_t) {}
  void put(bool b) { number(b ? 1 : 0); }
  void put(std::int64_t n) { number(static_cast<std::uint64_t>(n)); }
  void put(double d) { number(std::bit_cast<std::uint64_t>(d)); }
  void put(const std::string& s) { run(s.data(), s.size()); }
  void put(const bytes& b) { run(b.data(), b.size()); }
  void put(const uuid& u) { run(u.bytes.data(), u.bytes.size()); }
  void put(date d) { put(std::int64_t{d.time_since_epoch().count()}); }
  void put(time_of_day t) { put(std::int64_t{t.since_midnight.count()}); }
  void put(timestamp t) { put(std::int64_t{t.time_since_epoch().count()}); }
  void put(const numeric& n) { put(n.digits); }
  void put(const json_text& j) { put(j.text); }
  void put(const value_array& a) { list(a); }

  bytes& out_;
};

/// Every `get` is empty where the bytes end too early or mean nothing.
class value_reader {
public:
  explicit value_reader(std::span<const std::byte> from) noexcept : left_{from} {}

  [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }
  [[nodiscard]] bool expect(std::byte b) {
    if (left_.empty() || left_.front() != b) return false;
    left_ = left_.subspan(1);
    return true;
  }
  [[nodiscard]] std::optional<std::uint64_t> number() {
    if (left_.size() < 8) return std::nullopt;
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < 8; ++i) n |= static_cast<std::uint64_t>(left_[i]) << (8 * i);
    left_ = left_.subspan(8);
    return n;
  }
  [[nodiscard]] std::optional<std::span<const std::byte>> run() {
    const auto size = number();
    if (!size || *size > left_.size()) return std::nullopt;
    const auto found = left_.first(*size);
    left_ = left_.subspan(*size);
    return found;
  }
  [[nodiscard]] std::optional<std::vector<value>> list(int depth) {
    const auto count = number();
    if (!count || *count > left_.size() || depth > deepest_array) return std::nullopt;
    std::vector<value> out;
    for (std::uint64_t i = 0; i < *count; ++i) {
      auto v = item(depth);
      if (!v) return std::nullopt;
      out.push_back(std::move(*v));
    }
    return out;
  }

private:
  [[nodiscard]] std::optional<value> item(int depth) {
    if (left_.empty()) return std::nullopt;
    const auto type = static_cast<value_type>(left_.front());
    left_ = left_.subspan(1);
    switch (type) {
    case value_type::null: return value{null_t{}};
    case value_type::boolean:
    case value_type::integer:
    case value_type::real:
    case value_type::date:
    case value_type::time:
    case value_type::timestamp: return fixed(type);
    case value_type::array: {
      auto items = list(depth + 1);
      if (!items) return std::nullopt;
      return value{value_array(std::move(*items))}; // in braces it would be an array of this one
    }
    default: return texts(type);
    }
  }
  [[nodiscard]] std::optional<value> fixed(value_type type) {
    const auto raw = number();
    if (!raw) return std::nullopt;
    const auto n = static_cast<std::int64_t>(*raw);
    switch (type) {
    case value_type::boolean: return value{*raw != 0};
    case value_type::real: return value{std::bit_cast<double>(*raw)};
    case value_type::date: return value{date{date::duration{static_cast<int>(n)}}};
    case value_type::time: return value{time_of_day{std::chrono::microseconds{n}}};
    case value_type::timestamp: return value{timestamp{std::chrono::microseconds{n}}};
    default: return value{n};
    }
  }
  [[nodiscard]] std::optional<value> texts(value_type type) {
    const auto raw = run();
    if (!raw) return std::nullopt;
    std::string text{reinterpret_cast<const char*>(raw->data()), raw->size()};
    switch (type) {
    case value_type::text: return value{std::move(text)};
    case value_type::bytes: return value{bytes{raw->begin(), raw->end()}};
    case value_type::numeric: return value{numeric{std::move(text)}};
    case value_type::json: return value{json_text{std::move(text)}};
    case value_type::uuid: {
      uuid u;
      if (raw->size() != u.bytes.size()) return std::nullopt;
      std::memcpy(u.bytes.data(), raw->data(), raw->size());
      return value{u};
    }
    default: return std::nullopt;
    }
  }

  std::span<const std::byte> left_;
};

} // namespace

bytes encode_values(std::span<const value> values) {
  bytes out{codec_version};
  value_writer{out}.list(values);
  return out;
}

result<std::vector<value>> decode_values(std::span<const std::byte> from) {
  value_reader in{from};
  if (in.expect(codec_version))
    if (auto values = in.list(0); values && in.at_end()) return std::move(*values);
  return make_error(errc::invalid_data, "the parameters of a queued write cannot be read");
}

} // namespace holdfast::detail
