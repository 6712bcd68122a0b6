#include "native_device.h"

#include <chrono>

#include "decode.h"
#include "values.h"

namespace gannet {

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

/** Runs `body`; turns its Error into a JavaScript exception. */
template <typename Body>
auto guarded(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js(env, current_error());
  }
}

int64_t read_id(const Napi::CallbackInfo& info, size_t index, const char* name) { return Field(info[index], name).integer(); }

/** What a run gives back, filled on the device's thread. */
struct RunResult {
  std::vector<Call> calls;
  std::vector<std::vector<double>> step_ms;
  bool profile = false, timed = false;
  double native_ms = 0, elapsed_ms = 0;
};

Napi::Array to_array(Napi::Env env, const std::vector<double>& values) {
  Napi::Array result = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) result[i] = Napi::Number::New(env, values[i]);
  return result;
}

void execute_calls(Device& device, RunResult& result) {
  const Clock::time_point start = Clock::now();
  if (result.timed) device.start_clock();
  for (const Call& call : result.calls) {
    std::vector<double> step_ms;
    device.run(call, result.profile ? &step_ms : nullptr);
    if (result.profile) result.step_ms.push_back(std::move(step_ms));
  }
  if (result.timed) result.elapsed_ms = device.elapsed_ms();
  result.native_ms = milliseconds_since(start);
}

}  // namespace

Napi::Function NativeDevice::define(Napi::Env env) {
  return DefineClass(env, "NativeDevice",
                     {InstanceMethod<&NativeDevice::create_variable>("createVariable"),
                      InstanceMethod<&NativeDevice::write_variable>("writeVariable"),
                      InstanceMethod<&NativeDevice::read_variable>("readVariable"),
                      InstanceMethod<&NativeDevice::release_variable>("releaseVariable"),
                      InstanceMethod<&NativeDevice::load>("load"),
                      InstanceMethod<&NativeDevice::unload>("unload"),
                      InstanceMethod<&NativeDevice::run>("run"),
                      InstanceMethod<&NativeDevice::close>("close")});
}

NativeDevice::NativeDevice(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeDevice>(info) {
  guarded(info.Env(), [&] {
    const Field options(info[1], "options");
    const int64_t threads = options.at("threads").integer();
    if (threads < 0 || threads > 1024) throw Error("argument_invalid", text("threads must be 0 (all) to 1024, but is ", threads));
    const Field precision = options.at("precision");
    std::unique_ptr<Device> device = open_device(Field(info[0], "kind").string(),
                                                 {static_cast<int>(threads), precision.present() ? precision.string() : "auto"});
    worker_ = std::make_unique<Worker>(info.Env(), std::move(device), [this](bool busy) { busy ? Ref() : Unref(); });
  });
}

void NativeDevice::expect_open() const {
  if (closed_) throw Error("device_closed", "the device has been closed; open another one");
}

size_t NativeDevice::variable_bytes(int64_t id) const {
  const auto found = variables_.find(id);
  if (found == variables_.end()) throw Error("variable_unknown", text("the device has no variable ", id, "; it may have been released"));
  return found->second;
}

const NativeDevice::Loaded& NativeDevice::loaded(int64_t id) const {
  const auto found = programs_.find(id);
  if (found == programs_.end()) throw Error("program_unknown", text("the device has no program ", id, "; it may have been unloaded"));
  return found->second;
}

Napi::Value NativeDevice::promise(const Napi::CallbackInfo& info, Fill fill) {
  const Napi::Env env = info.Env();
  const auto deferred = Napi::Promise::Deferred::New(env);
  try {
    expect_open();
    auto job = std::make_unique<Job>();
    (this->*fill)(info, *job);
    job->deferred = deferred;
    worker_->post(std::move(job));
  } catch (const Napi::Error& error) {
    deferred.Reject(error.Value());
  } catch (...) {
    deferred.Reject(to_js(env, current_error()).Value());
  }
  return deferred.Promise();
}

Napi::Value NativeDevice::create_variable(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    expect_open();
    const int64_t bytes = Field(info[0], "bytes").integer();
    if (bytes <= 0 || bytes % kBytesPerElement != 0) {
      throw Error("argument_invalid", text("a variable has a positive multiple of ", kBytesPerElement, " bytes, but ", bytes, " were asked for"));
    }
    const int64_t id = next_id_++;
    auto job = std::make_unique<Job>();
    job->work = [id, bytes](Device& device) { device.create_variable(id, static_cast<size_t>(bytes)); };
    variables_[id] = static_cast<size_t>(bytes);
    worker_->post(std::move(job));
    return Napi::Number::New(info.Env(), static_cast<double>(id));
  });
}

Napi::Value NativeDevice::release_variable(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    expect_open();
    const int64_t id = read_id(info, 0, "id");
    variable_bytes(id);
    variables_.erase(id);
    auto job = std::make_unique<Job>();
    job->work = [id](Device& device) { device.release_variable(id); };
    worker_->post(std::move(job));
    return info.Env().Undefined();
  });
}

Napi::Value NativeDevice::write_variable(const Napi::CallbackInfo& info) { return promise(info, &NativeDevice::fill_write); }

void NativeDevice::fill_write(const Napi::CallbackInfo& info, Job& job) {
  const int64_t id = read_id(info, 0, "id");
  const size_t bytes = variable_bytes(id);
  const ArrayView view = view_array(info[1], "data");
  if (view.bytes != bytes) throw Error("variable_size", text("variable ", id, " has ", bytes, " bytes, but the data has ", view.bytes));
  job.kept.push_back(Napi::Persistent(info[1].As<Napi::Object>()));
  job.work = [id, data = view.data](Device& device) { device.write_variable(id, data); };
}

Napi::Value NativeDevice::read_variable(const Napi::CallbackInfo& info) { return promise(info, &NativeDevice::fill_read); }

void NativeDevice::fill_read(const Napi::CallbackInfo& info, Job& job) {
  const int64_t id = read_id(info, 0, "id");
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(info.Env(), variable_bytes(id));
  job.kept.push_back(Napi::Persistent(buffer.As<Napi::Object>()));
  job.work = [id, data = buffer.Data()](Device& device) { device.read_variable(id, data); };
  job.result = [&job](Napi::Env) { return job.kept[0].Value(); };
}

void NativeDevice::check_bindings(const Loaded& loaded) const {
  const std::vector<Binding>& bindings = loaded.program->variables;
  if (bindings.size() != loaded.variables.size()) {
    throw Error("variable_count", text("the program binds ", bindings.size(), " variables, but received ", loaded.variables.size()));
  }
  for (size_t i = 0; i < bindings.size(); i++) {
    const size_t bytes = variable_bytes(loaded.variables[i]);
    if (static_cast<size_t>(bindings[i].bytes()) != bytes) {
      throw Error("variable_size", text("variable '", bindings[i].name, "' ", to_string(bindings[i].shape), " has ", bindings[i].bytes(),
                                        " bytes, but the device's variable has ", bytes));
    }
  }
}

Napi::Value NativeDevice::load(const Napi::CallbackInfo& info) { return promise(info, &NativeDevice::fill_load); }

void NativeDevice::fill_load(const Napi::CallbackInfo& info, Job& job) {
  const Loaded loaded{std::make_shared<const Program>(decode_program(info[0])), Field(info[1], "variables").integers()};
  check_bindings(loaded);
  const int64_t id = next_id_++;
  const auto workspace = std::make_shared<size_t>(0);
  job.work = [id, loaded, workspace](Device& device) { *workspace = device.load(id, loaded.program, loaded.variables); };
  job.result = [this, id, loaded, workspace](Napi::Env env) -> Napi::Value {
    programs_[id] = loaded;
    Napi::Object result = Napi::Object::New(env);
    result["program"] = Napi::Number::New(env, static_cast<double>(id));
    result["workspaceBytes"] = Napi::Number::New(env, static_cast<double>(*workspace));
    return result;
  };
}

Napi::Value NativeDevice::unload(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    expect_open();
    const int64_t id = read_id(info, 0, "program");
    loaded(id);
    programs_.erase(id);
    auto job = std::make_unique<Job>();
    job->work = [id](Device& device) { device.unload(id); };
    worker_->post(std::move(job));
    return info.Env().Undefined();
  });
}

void NativeDevice::read_feeds(Napi::Value value, const Program& program, Call& call, Job& job) {
  const Field feeds(value, "feeds");
  if (feeds.length() != program.feeds.size()) {
    throw Error("feed_count", text("program '", program.name, "' takes ", program.feeds.size(), " feeds, but received ", feeds.length()));
  }
  const Napi::Array list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < program.feeds.size(); i++) {
    const Binding& binding = program.feeds[i];
    const Napi::Value feed = list.Get(i);
    const ArrayView view = view_array(feed, text("feed '", binding.name, "'"));
    if (view.type != (binding.dtype == DType::kFloat32 ? napi_float32_array : napi_int32_array)) {
      throw Error("feed_dtype", text("feed '", binding.name, "' must be ", to_string(binding.dtype)));
    }
    if (view.bytes != static_cast<size_t>(binding.bytes())) {
      throw Error("feed_length", text("feed '", binding.name, "' ", to_string(binding.shape), " has ", elements(binding.shape),
                                      " elements, but received ", view.bytes / kBytesPerElement));
    }
    call.feeds.push_back(view.data);
    job.kept.push_back(Napi::Persistent(feed.As<Napi::Object>()));
  }
}

void NativeDevice::make_outputs(const Program& program, Call& call, Job& job, Napi::Array list) {
  for (uint32_t i = 0; i < program.outputs.size(); i++) {
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(list.Env(), static_cast<size_t>(program.outputs[i].slot.bytes()));
    call.outputs.push_back(buffer.Data());
    job.kept.push_back(Napi::Persistent(buffer.As<Napi::Object>()));
    list[i] = buffer;
  }
}

Call NativeDevice::read_call(Napi::Value value, const std::string& path, Job& job, Napi::Object outputs) {
  const Field field(value, path);
  Call call;
  call.program = field.at("program").integer();
  const Loaded& target = loaded(call.program);
  check_bindings(target);
  read_feeds(value.As<Napi::Object>().Get("feeds"), *target.program, call, job);
  if (field.at("fetch").boolean()) make_outputs(*target.program, call, job, outputs.As<Napi::Array>());
  return call;
}

Napi::Value NativeDevice::run(const Napi::CallbackInfo& info) { return promise(info, &NativeDevice::fill_run); }

void NativeDevice::fill_run(const Napi::CallbackInfo& info, Job& job) {
  const auto state = std::make_shared<RunResult>();
  const Field options(info[1], "options");
  state->profile = options.at("profile").boolean();
  state->timed = options.at("timed").present() && options.at("timed").boolean();
  const uint32_t count = Field(info[0], "calls").length();
  const Napi::Array calls = info[0].As<Napi::Array>();
  Napi::Array outputs = Napi::Array::New(info.Env(), count);
  job.kept.push_back(Napi::Persistent(outputs.As<Napi::Object>()));
  for (uint32_t i = 0; i < count; i++) {
    Napi::Array list = Napi::Array::New(info.Env());
    outputs[i] = list;
    state->calls.push_back(read_call(calls.Get(i), text("calls[", i, "]"), job, list));
  }
  job.work = [state](Device& device) { execute_calls(device, *state); };
  job.result = [&job, state](Napi::Env env) -> Napi::Value {
    Napi::Object result = Napi::Object::New(env);
    result["outputs"] = job.kept[0].Value();
    result["nativeMs"] = Napi::Number::New(env, state->native_ms);
    if (state->timed) result["elapsedMs"] = Napi::Number::New(env, state->elapsed_ms);
    if (state->profile) {
      Napi::Array step_ms = Napi::Array::New(env, state->step_ms.size());
      for (uint32_t i = 0; i < state->step_ms.size(); i++) step_ms[i] = to_array(env, state->step_ms[i]);
      result["stepMs"] = step_ms;
    }
    return result;
  };
}

Napi::Value NativeDevice::close(const Napi::CallbackInfo& info) {
  if (!closed_) worker_->finish();
  closed_ = true;
  return info.Env().Undefined();
}

}  // namespace gannet
