#include "base/json.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace bootsman {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthMax = 64;

Json to_library(const Value& value) {
  if (const bool* b = value.boolean()) return *b;
  if (const std::int64_t* n = value.integer()) return *n;
  if (const double* d = value.number()) return *d;
  if (const std::string* s = value.string()) return *s;
  if (const Value::Array* items = value.array()) {
    Json array = Json::array();
    for (const Value& item : *items) array.push_back(to_library(item));
    return array;
  }
  if (const Value::Object* members = value.object()) {
    Json object = Json::object();
    for (const auto& [name, member] : *members) object[name] = to_library(member);
    return object;
  }
  return nullptr;
}

Value from_library(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value::Array items;
    for (const Json& item : json) items.push_back(from_library(item));
    return items;
  }
  if (json.is_object()) {
    Value::Object members;
    for (const auto& [name, member] : json.items())
      members.emplace_back(name, from_library(member));
    return members;
  }
  return {};
}

bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDepthMax) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::string to_json(const Value& value) {
  return to_library(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Value> parse_json(std::string_view text) {
  if (too_deep(text)) return fail("cannot read JSON: nested deeper than 64 levels");
  try {
    return from_library(Json::parse(text));
  } catch (const Json::exception& error) {
    return fail(std::string("cannot read JSON: ") + error.what());
  }
}

}  // namespace bootsman
