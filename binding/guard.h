#pragma once

#include <napi.h>

#include "error.h"

// The border between C++ exceptions and JavaScript: every entry of the addon passes it, and no C++ exception does.
namespace gannet {

/** The JavaScript form of the exception being handled, whatever its type: what JavaScript threw stays as it is, everything else is
 *  an Error with `code`, and with `op` and `scope` where one is to blame. Null where the environment ends and makes no more objects. */
napi_value current_value(napi_env env) noexcept;

/** Throws the exception being handled in JavaScript; does nothing where the environment ends. */
void throw_current(napi_env env) noexcept;

/** Calls `body`; throws in JavaScript what it throws in C++. */
template <typename Body>
Napi::Value guarded(Napi::Env env, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    throw_current(env);
    return Napi::Value();
  }
}

/** A function of the addon as Node-API calls it. */
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value entry(const Napi::CallbackInfo& info) noexcept {
  return guarded(info.Env(), [&] { return function(info); });
}

/** A promise that settles once, on the JavaScript thread. */
class Settlement {
 public:
  /** Makes `promise`. @throws Napi::Error */
  Settlement(napi_env env, napi_value* promise);

  // Settling may fail, as where the environment ends: then nobody waits any more. A getter called `then` on Object.prototype may throw;
  // the promise is rejected with that.
  void resolve(napi_value value) noexcept { settle(value, napi_resolve_deferred); }
  /** With the exception being handled. */
  void reject_with_current() noexcept { settle(current_value(env_), napi_reject_deferred); }

 private:
  using Settle = napi_status (*)(napi_env, napi_deferred, napi_value);
  void settle(napi_value value, Settle settle) noexcept;

  napi_env env_;
  napi_deferred deferred_ = nullptr;
};

}  // namespace gannet
