#pragma once

#include <napi.h>

namespace gannet {

/** What belongs to one Node environment: the main thread's or a worker thread's. */
struct Environment {
  Napi::FunctionReference device_class;
  /** The global constructor ArrayBuffer, as it was when the addon was loaded. */
  Napi::FunctionReference array_buffer;

  static const Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

/** An ArrayBuffer of zeros. @throws Error `out_of_memory`, where Node-API's own function would end the process */
Napi::ArrayBuffer make_buffer(Napi::Env env, size_t bytes);

}  // namespace gannet
