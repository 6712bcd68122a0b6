#include <napi.h>

#include "device.h"
#include "native_device.h"
#include "values.h"

// The exports of the addon, typed as NativeAddon in src/device/native.ts.
namespace gannet {

namespace {

/** What belongs to one Node environment: the main thread's or a worker thread's. */
struct Environment {
  Napi::FunctionReference device_class;
};

Napi::Object to_js(Napi::Env env, const DeviceInfo& info) {
  Napi::Object details = Napi::Object::New(env);
  for (const auto& [key, value] : info.details) details[key] = Napi::String::New(env, value);
  Napi::Object result = Napi::Object::New(env);
  result["kind"] = Napi::String::New(env, info.kind);
  result["available"] = Napi::Boolean::New(env, info.problem.empty());
  result["description"] = Napi::String::New(env, info.description);
  result["details"] = details;
  result["problem"] = Napi::String::New(env, info.problem);
  return result;
}

Napi::Value list_devices(const Napi::CallbackInfo& info) {
  const std::vector<DeviceInfo> devices = gannet::list_devices();
  Napi::Array result = Napi::Array::New(info.Env(), devices.size());
  for (uint32_t i = 0; i < devices.size(); i++) result[i] = to_js(info.Env(), devices[i]);
  return result;
}

Napi::Value supported_ops(const Napi::CallbackInfo& info) {
  try {
    const std::vector<std::string> ops = gannet::supported_ops(Field(info[0], "kind").string());
    Napi::Array result = Napi::Array::New(info.Env(), ops.size());
    for (uint32_t i = 0; i < ops.size(); i++) result[i] = Napi::String::New(info.Env(), ops[i]);
    return result;
  } catch (const Error& error) {
    throw to_js(info.Env(), error);
  }
}

Napi::Value open_device(const Napi::CallbackInfo& info) {
  try {
    return info.Env().GetInstanceData<Environment>()->device_class.New({info[0], info[1]});
  } catch (const Error& error) {
    throw to_js(info.Env(), error);
  }
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment{Napi::Persistent(NativeDevice::define(env))});
  exports["version"] = Napi::String::New(env, GANNET_VERSION);
  exports["listDevices"] = Napi::Function::New<list_devices>(env, "listDevices");
  exports["supportedOps"] = Napi::Function::New<supported_ops>(env, "supportedOps");
  exports["openDevice"] = Napi::Function::New<open_device>(env, "openDevice");
  return exports;
}

}  // namespace

}  // namespace gannet

static Napi::Object init(Napi::Env env, Napi::Object exports) { return gannet::init(env, exports); }

NODE_API_MODULE(gannet, init)
