#include "guard.h"

#include "values.h"

namespace gannet {

namespace {

/** Forgets an exception that JavaScript threw during the last call, so that the next call is not refused. */
void clear_pending(napi_env env) noexcept {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) napi_get_and_clear_last_exception(env, &exception);
}

Napi::Value to_value(napi_env env) {
  try {
    throw;
  } catch (const Napi::Error& error) {
    return error.Value();
  } catch (...) {
    return to_js(env, current_error());
  }
}

}  // namespace

napi_value current_value(napi_env env) noexcept {
  try {
    return to_value(env);
  } catch (...) {
    clear_pending(env);
    return nullptr;
  }
}

void throw_current(napi_env env) noexcept {
  if (napi_value value = current_value(env)) napi_throw(env, value);
}

Settlement::Settlement(napi_env env, napi_value* promise) : env_(env) {
  if (napi_create_promise(env, &deferred_, promise) != napi_ok) throw Napi::Error::New(env);
}

void Settlement::settle(napi_value value, Settle settle) noexcept {
  if (value == nullptr && napi_get_undefined(env_, &value) != napi_ok) return;
  if (settle(env_, deferred_, value) != napi_ok) clear_pending(env_);
}

}  // namespace gannet
