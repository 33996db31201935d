#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bootsman {

/// A piece of plain data, as TOML and JSON both know it: for settings that only their reader
/// understands (those of built-in steps), and for messages to helpers.
class Value {
 public:
  using Array = std::vector<Value>;
  /// Keeps the order in which keys were added; a handful of keys each, so found by scan.
  using Object = std::vector<std::pair<std::string, Value>>;

  Value() = default;  ///< null
  Value(bool b) : data_(b) {}
  Value(int n) : data_(static_cast<std::int64_t>(n)) {}
  Value(std::int64_t n) : data_(n) {}
  Value(double d) : data_(d) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(Array a) : data_(std::move(a)) {}
  Value(Object o) : data_(std::move(o)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  const bool* boolean() const { return std::get_if<bool>(&data_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
  const double* number() const { return std::get_if<double>(&data_); }
  const std::string* string() const { return std::get_if<std::string>(&data_); }
  const Array* array() const { return std::get_if<Array>(&data_); }
  const Object* object() const { return std::get_if<Object>(&data_); }
  Array* array() { return std::get_if<Array>(&data_); }
  Object* object() { return std::get_if<Object>(&data_); }

  /// The member of an object, or nullptr (also when this is no object).
  const Value* find(std::string_view key) const;
  /// Adds or replaces a member. Makes this an object when it is null.
  void set(std::string_view key, Value value);

  // Readers with a default, for a missing member or one of another type.
  std::string get_string(std::string_view key, std::string_view otherwise = "") const;
  bool get_bool(std::string_view key, bool otherwise) const;
  std::int64_t get_int(std::string_view key, std::int64_t otherwise) const;
  /// The strings of an array member; a lone string counts as an array of one.
  std::vector<std::string> get_strings(std::string_view key) const;

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

}  // namespace bootsman
