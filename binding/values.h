#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "error.h"

// Reading JavaScript values with errors that name what was read.
namespace gannet {

/** A JavaScript value and the path that leads to it. Every reader throws Error `code` if the value is of another type. */
class Field {
 public:
  Field(Napi::Value value, std::string path, const char* code = "argument_invalid") : value_(value), path_(std::move(path)), code_(code) {}

  Field at(const char* key) const;
  Field at(uint32_t index) const;
  uint32_t length() const;
  bool present() const { return !value_.IsUndefined(); }
  const std::string& path() const { return path_; }

  std::string string() const;
  bool boolean() const;
  double number() const;
  int64_t integer() const;
  std::vector<int64_t> integers() const;
  /** Its element type and length are still to be checked. */
  Napi::Value typed_array() const;

 private:
  [[noreturn]] void reject(const char* expected) const;

  Napi::Value value_;
  std::string path_;
  const char* code_;
};

/** A property of an object that is made. */
struct Property {
  const char* name;
  Napi::Value value;
};

// Objects and arrays for JavaScript. Their properties are defined, not set, so that no setter of Object.prototype or Array.prototype
// runs: between reading arguments and answering, no code of the user does.
void define(Napi::Object object, const std::vector<Property>& properties);
Napi::Object make_object(Napi::Env env, const std::vector<Property>& properties);
Napi::Array make_array(Napi::Env env, const std::vector<Napi::Value>& values);

/** The JavaScript form of an error. */
Napi::Object to_js(Napi::Env env, const Error& error);

/** A typed array's memory. The elements belong to the JavaScript object, which must be kept alive meanwhile. */
struct ArrayView {
  napi_typedarray_type type;
  void* data;
  size_t bytes;
};
/** Throws Error `argument_invalid` unless the value is a Float32Array or an Int32Array; `what` names it. */
ArrayView view_array(Napi::Value value, const std::string& what);

/** The numbers of a Float64Array, which belong to the JavaScript object. */
struct Float64View {
  double* data;
  int64_t length;
};
/** @throws Error `argument_invalid` unless the value is a Float64Array; `what` names it */
Float64View view_float64(Napi::Value value, const std::string& what);

}  // namespace gannet
