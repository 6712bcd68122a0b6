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
  // Grown while reading: an array's length may be far more than it holds.
  std::vector<int64_t> result;
  const uint32_t count = length();
  for (uint32_t i = 0; i < count; i++) result.push_back(at(i).integer());
  return result;
}

Napi::Value Field::typed_array() const {
  if (!value_.IsTypedArray()) reject("a Float32Array or an Int32Array");
  return value_;
}

void define(Napi::Object object, const std::vector<Property>& properties) {
  std::vector<napi_property_descriptor> descriptors;
  for (const Property& property : properties) {
    napi_property_descriptor descriptor{};
    descriptor.utf8name = property.name;
    descriptor.value = property.value;
    descriptor.attributes = napi_default_jsproperty;
    descriptors.push_back(descriptor);
  }
  if (napi_define_properties(object.Env(), object, descriptors.size(), descriptors.data()) != napi_ok) throw Napi::Error::New(object.Env());
}

Napi::Object make_object(Napi::Env env, const std::vector<Property>& properties) {
  Napi::Object object = Napi::Object::New(env);
  define(object, properties);
  return object;
}

Napi::Array make_array(Napi::Env env, const std::vector<Napi::Value>& values) {
  std::vector<std::string> names;
  for (size_t i = 0; i < values.size(); i++) names.push_back(std::to_string(i));
  std::vector<Property> properties;
  for (size_t i = 0; i < values.size(); i++) properties.push_back({names[i].c_str(), values[i]});
  Napi::Array array = Napi::Array::New(env);
  define(array, properties);
  return array;
}

Napi::Object to_js(Napi::Env env, const Error& error) {
  napi_value made = nullptr;
  const Napi::String message = Napi::String::New(env, error.what());
  if (napi_create_error(env, nullptr, message, &made) != napi_ok) throw Napi::Error::New(env);
  const Napi::Object result(env, made);
  define(result, {{"code", Napi::String::New(env, error.code())}});
  if (!error.op().empty()) define(result, {{"op", Napi::String::New(env, error.op())}, {"scope", Napi::String::New(env, error.scope())}});
  return result;
}

namespace {

/** What lies behind a typed array of `length` elements; false if the value is none. */
bool inspect(Napi::Value value, napi_typedarray_type& type, void*& data, size_t& length) {
  // The raw call: it also takes views of a SharedArrayBuffer.
  return value.IsTypedArray() && napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) == napi_ok;
}

}  // namespace

ArrayView view_array(Napi::Value value, const std::string& what) {
  ArrayView view{};
  size_t length = 0;
  if (inspect(value, view.type, view.data, length) && (view.type == napi_float32_array || view.type == napi_int32_array)) {
    view.bytes = length * sizeof(float);
    return view;
  }
  throw Error("argument_invalid", text(what, " must be a Float32Array or an Int32Array, but received ", type_name(value)));
}

Float64View view_float64(Napi::Value value, const std::string& what) {
  napi_typedarray_type type{};
  void* data = nullptr;
  size_t length = 0;
  if (inspect(value, type, data, length) && type == napi_float64_array) return {static_cast<double*>(data), static_cast<int64_t>(length)};
  throw Error("argument_invalid", text(what, " must be a Float64Array, but received ", type_name(value)));
}

}  // namespace gannet
