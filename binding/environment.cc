#include "environment.h"

#include "error.h"

namespace gannet {

Napi::ArrayBuffer make_buffer(Napi::Env env, size_t bytes) {
  napi_value length = Napi::Number::New(env, static_cast<double>(bytes));
  napi_value buffer = nullptr;
  if (napi_new_instance(env, Environment::of(env).array_buffer.Value(), 1, &length, &buffer) == napi_ok) {
    return Napi::Value(env, buffer).As<Napi::ArrayBuffer>();
  }
  // JavaScript threw a RangeError, or the environment ends and runs no more JavaScript.
  napi_value exception = nullptr;
  napi_get_and_clear_last_exception(env, &exception);
  throw Error("out_of_memory",
              text("JavaScript cannot make a buffer of ", bytes, " bytes; use a smaller batch or model, or close other programs"));
}

}  // namespace gannet
