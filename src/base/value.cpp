#include "base/value.h"

namespace bootsman {

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  for (const auto& [name, value] : *members)
    if (name == key) return &value;
  return nullptr;
}

void Value::set(std::string_view key, Value value) {
  if (is_null()) data_ = Object{};
  Object* members = object();
  if (members == nullptr) return;
  for (auto& [name, old] : *members) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  members->emplace_back(std::string(key), std::move(value));
}

std::string Value::get_string(std::string_view key, std::string_view otherwise) const {
  const Value* member = find(key);
  if (member != nullptr && member->string() != nullptr) return *member->string();
  return std::string(otherwise);
}

bool Value::get_bool(std::string_view key, bool otherwise) const {
  const Value* member = find(key);
  return member != nullptr && member->boolean() != nullptr ? *member->boolean() : otherwise;
}

std::int64_t Value::get_int(std::string_view key, std::int64_t otherwise) const {
  const Value* member = find(key);
  return member != nullptr && member->integer() != nullptr ? *member->integer() : otherwise;
}

std::vector<std::string> Value::get_strings(std::string_view key) const {
  std::vector<std::string> strings;
  const Value* member = find(key);
  if (member == nullptr) return strings;
  if (member->string() != nullptr) strings.push_back(*member->string());
  if (const Array* items = member->array())
    for (const Value& item : *items)
      if (item.string() != nullptr) strings.push_back(*item.string());
  return strings;
}

}  // namespace bootsman
