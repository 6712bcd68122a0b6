// The functions of Node-API through which the addon reads values, on values of fuzz::Value. Those that make values are not here:
// the decoder calls none.
#include <node_api.h>

#include <algorithm>

#include "json.h"

namespace {

using fuzz::Value;
using Type = Value::Type;

const Value& of(napi_value value) { return *reinterpret_cast<const Value*>(value); }
napi_value to_napi(const Value& value) { return reinterpret_cast<napi_value>(const_cast<Value*>(&value)); }

const Value kUndefined;

}  // namespace

extern "C" {

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* result) {
  switch (of(value).type) {
    case Type::kUndefined: *result = napi_undefined; break;
    case Type::kNull: *result = napi_null; break;
    case Type::kBoolean: *result = napi_boolean; break;
    case Type::kNumber: *result = napi_number; break;
    case Type::kString: *result = napi_string; break;
    case Type::kArray:
    case Type::kObject: *result = napi_object; break;
  }
  return napi_ok;
}

napi_status napi_is_array(napi_env, napi_value value, bool* result) {
  *result = of(value).type == Type::kArray;
  return napi_ok;
}

napi_status napi_get_array_length(napi_env, napi_value value, uint32_t* result) {
  *result = static_cast<uint32_t>(of(value).entries.size());
  return napi_ok;
}

napi_status napi_get_element(napi_env, napi_value object, uint32_t index, napi_value* result) {
  const auto& entries = of(object).entries;
  *result = to_napi(index < entries.size() ? entries[index] : kUndefined);
  return napi_ok;
}

napi_status napi_get_named_property(napi_env, napi_value object, const char* name, napi_value* result) {
  const std::vector<std::string>& names = of(object).names;
  const auto found = std::find(names.begin(), names.end(), name);
  *result = to_napi(found == names.end() ? kUndefined : of(object).entries[static_cast<size_t>(found - names.begin())]);
  return napi_ok;
}

napi_status napi_get_value_double(napi_env, napi_value value, double* result) {
  *result = of(value).number;
  return napi_ok;
}

napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  *result = of(value).boolean;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env, napi_value value, char* buffer, size_t size, size_t* length) {
  const std::string& string = of(value).string;
  if (buffer == nullptr) {
    *length = string.size();
    return napi_ok;
  }
  const size_t copied = std::min(string.size(), size - 1);
  std::copy_n(string.begin(), copied, buffer);
  buffer[copied] = '\0';
  if (length) *length = copied;
  return napi_ok;
}

}  // extern "C"
