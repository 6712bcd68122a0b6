#include <napi.h>

#include "decode.h"
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

Napi::Value plan_launches(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  try {
    const Field gpu(info[1], "gpu");
    const auto number = [&](const char* key) { return static_cast<int>(gpu.at(key).integer()); };
    const std::vector<PlannedLaunch> launches = gannet::plan_launches(
        decode_program(info[0]), {number("multiprocessors"), number("sharedBytesPerMultiprocessor"), number("sharedBytesPerBlock"),
                                  number("architecture"), gpu.at("precision").string()});
    Napi::Array result = Napi::Array::New(env, launches.size());
    for (uint32_t i = 0; i < launches.size(); i++) {
      Napi::Object launch = Napi::Object::New(env);
      launch["step"] = Napi::Number::New(env, static_cast<double>(launches[i].step));
      launch["steps"] = Napi::Number::New(env, static_cast<double>(launches[i].steps));
      launch["symbol"] = Napi::String::New(env, launches[i].symbol);
      launch["blocks"] = Napi::Number::New(env, static_cast<double>(launches[i].blocks));
      launch["threads"] = Napi::Number::New(env, static_cast<double>(launches[i].threads));
      launch["sharedBytes"] = Napi::Number::New(env, static_cast<double>(launches[i].shared_bytes));
      launch["scratchBytesRead"] = Napi::Number::New(env, static_cast<double>(launches[i].scratch_read));
      launch["scratchBytesWritten"] = Napi::Number::New(env, static_cast<double>(launches[i].scratch_written));
      result[i] = launch;
    }
    return result;
  } catch (const Error& error) {
    throw to_js(env, error);
  }
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment{Napi::Persistent(NativeDevice::define(env))});
  exports["version"] = Napi::String::New(env, GANNET_VERSION);
  exports["listDevices"] = Napi::Function::New<list_devices>(env, "listDevices");
  exports["supportedOps"] = Napi::Function::New<supported_ops>(env, "supportedOps");
  exports["planLaunches"] = Napi::Function::New<plan_launches>(env, "planLaunches");
  exports["openDevice"] = Napi::Function::New<open_device>(env, "openDevice");
  return exports;
}

}  // namespace

}  // namespace gannet

static Napi::Object init(Napi::Env env, Napi::Object exports) { return gannet::init(env, exports); }

NODE_API_MODULE(gannet, init)
