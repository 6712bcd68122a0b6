#include "values.h"

#include <cmath>

namespace gannet {

namespace {

const char* type_name(Napi::Value value) {
  if (value.IsArray()) return "an array";
  switch (value.Type()) {
    case napi_undefined: return "nothing";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_object: return "an object";
    default: return "a value of another type";
  }
}

}  // namespace

void Field::reject(const char* expected) const {
  throw Error(code_, text(path_, " must be ", expected, ", but received ", type_name(value_)));
}

Field Field::at(const char* key) const {
  if (!value_.IsObject()) reject("an object");
  return Field(value_.As<Napi::Object>().Get(key), path_ + "." + key, code_);
}

Field Field::at(uint32_t index) const {
  return Field(value_.As<Napi::Object>().Get(index), path_ + "[" + std::to_string(index) + "]", code_);
}

uint32_t Field::length() const {
  if (!value_.IsArray()) reject("an array");
  return value_.As<Napi::Array>().Length();
}

std::string Field::string() const {
  if (!value_.IsString()) reject("a string");
  return value_.As<Napi::String>().Utf8Value();
}

bool Field::boolean() const {
  if (!value_.IsBoolean()) reject("a boolean");
  return value_.As<Napi::Boolean>().Value();
}

double Field::number() const {
  if (!value_.IsNumber()) reject("a number");
  return value_.As<Napi::Number>().DoubleValue();
}

int64_t Field::integer() const {
  constexpr double kLargest = 9007199254740991.0;
  const double value = number();
  if (!(std::abs(value) <= kLargest) || value != std::floor(value)) reject("an integer");
  return static_cast<int64_t>(value);
}

std::vector<int64_t> Field::integers() const {
  std::vector<int64_t> result(length());
  for (uint32_t i = 0; i < result.size(); i++) result[i] = at(i).integer();
  return result;
}

Napi::Error to_js(Napi::Env env, const Error& error) {
  Napi::Error result = Napi::Error::New(env, error.what());
  result.Set("code", Napi::String::New(env, error.code()));
  if (!error.op().empty()) {
    result.Set("op", Napi::String::New(env, error.op()));
    result.Set("scope", Napi::String::New(env, error.scope()));
  }
  return result;
}

ArrayView view_array(Napi::Value value, const std::string& what) {
  ArrayView view{};
  if (value.IsTypedArray()) {
    // The raw call: it also takes views of a SharedArrayBuffer.
    size_t length = 0;
    if (napi_get_typedarray_info(value.Env(), value, &view.type, &length, &view.data, nullptr, nullptr) == napi_ok &&
        (view.type == napi_float32_array || view.type == napi_int32_array)) {
      view.bytes = length * sizeof(float);
      return view;
    }
  }
  throw Error("argument_invalid", text(what, " must be a Float32Array or an Int32Array, but received ", type_name(value)));
}

}  // namespace gannet
