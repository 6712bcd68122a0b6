#include "native_device.h"

#include "decode.h"
#include "environment.h"
#include "guard.h"
#include "native_run.h"
#include "values.h"

namespace gannet {

namespace {

int64_t read_id(const Napi::CallbackInfo& info, size_t index, const char* name) { return Field(info[index], name).integer(); }

std::optional<Communicator> read_communicator(const Field& field) {
  if (!field.present()) return std::nullopt;
  Communicator result{.rank = static_cast<int>(field.at("rank").integer()), .ranks = static_cast<int>(field.at("ranks").integer())};
  const Field id = field.at("id");
  const ArrayView view = view_array(id.typed_array(), id.path());
  result.id.assign(static_cast<const char*>(view.data), static_cast<const char*>(view.data) + view.bytes);
  return result;
}

DeviceOptions read_options(const Field& options) {
  constexpr int64_t kLastGpu = 1023;
  const int64_t threads = options.at("threads").integer();
  if (threads < 0 || threads > 1024) throw Error("argument_invalid", text("threads must be 0 (all) to 1024, but is ", threads));
  const Field precision = options.at("precision"), gpu = options.at("gpu");
  const int64_t index = gpu.present() ? gpu.integer() : 0;
  if (index < 0 || index > kLastGpu) throw Error("argument_invalid", text("gpu must be 0 to ", kLastGpu, ", but is ", index));
  return {.threads = static_cast<int>(threads),
          .precision = precision.present() ? precision.string() : "auto",
          .gpu = static_cast<int>(index),
          .communicator = read_communicator(options.at("communicator"))};
}

}  // namespace

template <NativeDevice::Method method>
Napi::Value NativeDevice::guarded_method(const Napi::CallbackInfo& info) noexcept {
  return guarded(info.Env(), [&] { return (this->*method)(info); });
}

template <NativeDevice::Fill fill>
Napi::Value NativeDevice::promise(const Napi::CallbackInfo& info) {
  napi_value promise = nullptr;
  Settlement settlement(info.Env(), &promise);
  try {
    auto job = std::make_unique<Job>();
    (this->*fill)(info, *job);
    job->settlement = settlement;
    worker_->post(std::move(job));
  } catch (...) {
    settlement.reject_with_current();
  }
  return Napi::Value(info.Env(), promise);
}

Napi::Function NativeDevice::define_class(Napi::Env env) {
  using This = NativeDevice;
  return DefineClass(env, "NativeDevice",
                     {InstanceMethod<&This::guarded_method<&This::create_variable>>("createVariable"),
                      InstanceMethod<&This::guarded_method<&This::promise<&This::fill_write>>>("writeVariable"),
                      InstanceMethod<&This::guarded_method<&This::promise<&This::fill_read>>>("readVariable"),
                      InstanceMethod<&This::guarded_method<&This::release_variable>>("releaseVariable"),
                      InstanceMethod<&This::guarded_method<&This::promise<&This::fill_load>>>("load"),
                      InstanceMethod<&This::guarded_method<&This::unload>>("unload"),
                      InstanceMethod<&This::guarded_method<&This::promise<&This::fill_run>>>("run"),
                      InstanceMethod<&This::guarded_method<&This::promise<&This::fill_memory_use>>>("memoryUse"),
                      InstanceMethod<&This::guarded_method<&This::close>>("close")});
}

NativeDevice::NativeDevice(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeDevice>(info) {
  // Where this fails, `new` throws in JavaScript, so nobody gets hold of the object without a worker.
  guarded(info.Env(), [&] {
    const std::string kind = Field(info[0], "kind").string();
    std::unique_ptr<Device> device = open_device(kind, read_options(Field(info[1], "options")));
    worker_ = std::make_unique<Worker>(info.Env(), std::move(device), [this](bool busy) { busy ? Ref() : Unref(); });
    return info.Env().Undefined();
  });
}

void NativeDevice::expect_open() const {
  if (closed_ || !worker_) throw Error("device_closed", "the device has been closed; open another one");
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

Napi::Value NativeDevice::create_variable(const Napi::CallbackInfo& info) {
  const int64_t bytes = Field(info[0], "bytes").integer();
  expect_open();
  if (bytes <= 0 || bytes % kBytesPerElement != 0) {
    throw Error("argument_invalid",
                text("a variable has a positive multiple of ", kBytesPerElement, " bytes, but ", bytes, " were asked for"));
  }
  const int64_t id = next_id_++;
  auto job = std::make_unique<Job>();
  job->work = [id, bytes](Device& device) { device.create_variable(id, static_cast<size_t>(bytes)); };
  variables_[id] = static_cast<size_t>(bytes);
  worker_->post(std::move(job));
  return Napi::Number::New(info.Env(), static_cast<double>(id));
}

Napi::Value NativeDevice::release_variable(const Napi::CallbackInfo& info) {
  const int64_t id = read_id(info, 0, "id");
  expect_open();
  variable_bytes(id);
  auto job = std::make_unique<Job>();
  job->work = [id](Device& device) { device.release_variable(id); };
  worker_->post(std::move(job));
  variables_.erase(id);
  return info.Env().Undefined();
}

void NativeDevice::fill_write(const Napi::CallbackInfo& info, Job& job) {
  const int64_t id = read_id(info, 0, "id");
  expect_open();
  const size_t bytes = variable_bytes(id);
  const ArrayView view = view_array(info[1], "data");
  if (view.bytes != bytes) throw Error("variable_size", text("variable ", id, " has ", bytes, " bytes, but the data has ", view.bytes));
  const auto data = std::make_shared<const Memory>(copy_of(view));
  job.work = [id, data](Device& device) { device.write_variable(id, data->data()); };
}

void NativeDevice::fill_read(const Napi::CallbackInfo& info, Job& job) {
  const int64_t id = read_id(info, 0, "id");
  expect_open();
  void* data = job.add_buffer(make_buffer(info.Env(), variable_bytes(id)));
  job.work = [id, data](Device& device) { device.read_variable(id, data); };
  job.result = [&job](Napi::Env) { return job.buffers[0].Value(); };
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

void NativeDevice::fill_load(const Napi::CallbackInfo& info, Job& job) {
  const Loaded loaded{std::make_shared<const Program>(decode_program(info[0])), Field(info[1], "variables").integers()};
  expect_open();
  check_bindings(loaded);
  const int64_t id = next_id_++;
  const auto workspace = std::make_shared<size_t>(0);
  job.work = [id, loaded, workspace](Device& device) { *workspace = device.load(id, loaded.program, loaded.variables); };
  job.result = [this, id, loaded, workspace](Napi::Env env) -> Napi::Value {
    programs_[id] = loaded;
    return make_object(env, {{"program", Napi::Number::New(env, static_cast<double>(id))},
                             {"workspaceBytes", Napi::Number::New(env, static_cast<double>(*workspace))}});
  };
}

Napi::Value NativeDevice::unload(const Napi::CallbackInfo& info) {
  const int64_t id = read_id(info, 0, "program");
  expect_open();
  loaded(id);
  auto job = std::make_unique<Job>();
  job->work = [id](Device& device) { device.unload(id); };
  worker_->post(std::move(job));
  programs_.erase(id);
  return info.Env().Undefined();
}

void NativeDevice::fill_run(const Napi::CallbackInfo& info, Job& job) {
  const RunRequest request = read_run_request(info);
  expect_open();
  const auto run = std::make_shared<NativeRun>(request.profile, request.timed);
  for (const RequestedCall& call : request.calls) {
    const Loaded& target = loaded(call.program);
    check_bindings(target);
    run->add(call, *target.program, info.Env(), job);
  }
  job.work = [run](Device& device) { run->execute(device); };
  job.result = [&job, run](Napi::Env env) { return run->result(env, job); };
}

void NativeDevice::fill_memory_use(const Napi::CallbackInfo&, Job& job) {
  expect_open();
  const auto use = std::make_shared<std::optional<MemoryUse>>();
  job.work = [use](Device& device) { *use = device.memory_use(); };
  job.result = [use](Napi::Env env) -> Napi::Value {
    if (!*use) return env.Undefined();
    return make_object(env, {{"usedBytes", Napi::Number::New(env, static_cast<double>((*use)->used))},
                             {"totalBytes", Napi::Number::New(env, static_cast<double>((*use)->total))}});
  };
}

Napi::Value NativeDevice::close(const Napi::CallbackInfo& info) {
  if (!closed_ && worker_) worker_->finish();
  closed_ = true;
  return info.Env().Undefined();
}

}  // namespace gannet
