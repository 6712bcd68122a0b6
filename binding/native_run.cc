#include "native_run.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "environment.h"
#include "values.h"

namespace gannet {

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

RequestedCall read_call(const Field& field) {
  RequestedCall call;
  call.program = field.at("program").integer();
  const Field feeds = field.at("feeds");
  const uint32_t count = feeds.length();
  for (uint32_t i = 0; i < count; i++) call.feeds.push_back(feeds.at(i).typed_array());
  call.fetch = field.at("fetch").boolean();
  return call;
}

void copy_numbers(float* target, const float* source, size_t count) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (size_t i = 0; i < count; i++) target[i] = std::isnan(source[i]) ? kNan : source[i];
}

Memory copy_feed(Napi::Value value, const Binding& binding) {
  const ArrayView view = view_array(value, text("feed '", binding.name, "'"));
  if (view.type != (binding.dtype == DType::kFloat32 ? napi_float32_array : napi_int32_array)) {
    throw Error("feed_dtype", text("feed '", binding.name, "' must be ", to_string(binding.dtype)));
  }
  if (view.bytes != static_cast<size_t>(binding.bytes())) {
    throw Error("feed_length", text("feed '", binding.name, "' ", to_string(binding.shape), " has ", elements(binding.shape),
                                    " elements, but received ", view.bytes / kBytesPerElement));
  }
  return copy_of(view);
}

Napi::Value to_array(Napi::Env env, const std::vector<double>& list) {
  std::vector<Napi::Value> values;
  values.reserve(list.size());
  for (const double value : list) values.push_back(Napi::Number::New(env, value));
  return make_array(env, values);
}

}  // namespace

RunRequest read_run_request(const Napi::CallbackInfo& info) {
  RunRequest request;
  const Field options(info[1], "options");
  request.profile = options.at("profile").boolean();
  const Field timed = options.at("timed");
  request.timed = timed.present() && timed.boolean();
  const Field calls(info[0], "calls");
  const uint32_t count = calls.length();
  for (uint32_t i = 0; i < count; i++) request.calls.push_back(read_call(calls.at(i)));
  return request;
}

Memory copy_of(const ArrayView& view) {
  Memory copy(view.bytes);
  if (view.type == napi_float32_array) {
    copy_numbers(reinterpret_cast<float*>(copy.data()), static_cast<const float*>(view.data), view.bytes / kBytesPerElement);
  } else {
    std::memcpy(copy.data(), view.data, view.bytes);
  }
  return copy;
}

void NativeRun::add(const RequestedCall& request, const Program& program, Napi::Env env, Job& job) {
  if (request.feeds.size() != program.feeds.size()) {
    throw Error("feed_count",
                text("program '", program.name, "' takes ", program.feeds.size(), " feeds, but received ", request.feeds.size()));
  }
  Call call;
  call.program = request.program;
  for (size_t i = 0; i < program.feeds.size(); i++) {
    feeds_.push_back(copy_feed(request.feeds[i], program.feeds[i]));
    call.feeds.push_back(feeds_.back().data());
  }
  for (size_t i = 0; request.fetch && i < program.outputs.size(); i++) {
    call.outputs.push_back(job.add_buffer(make_buffer(env, static_cast<size_t>(program.outputs[i].slot.bytes()))));
  }
  calls_.push_back(std::move(call));
}

void NativeRun::execute(Device& device) {
  const Clock::time_point start = Clock::now();
  if (timed_) device.start_clock();
  const int64_t launches_before = device.graph_launches();
  device.run_all(calls_, profile_ ? &step_ms_ : nullptr);
  graph_launches_ = device.graph_launches() - launches_before;
  if (timed_) elapsed_ms_ = device.elapsed_ms();
  native_ms_ = milliseconds_since(start);
}

Napi::Value NativeRun::result(Napi::Env env, const Job& job) const {
  std::vector<Napi::Value> outputs;
  size_t next = 0;
  for (const Call& call : calls_) {
    std::vector<Napi::Value> buffers;
    for (size_t i = 0; i < call.outputs.size(); i++) buffers.push_back(job.buffers[next++].Value());
    outputs.push_back(make_array(env, buffers));
  }
  std::vector<Property> properties = {{"outputs", make_array(env, outputs)},
                                      {"nativeMs", Napi::Number::New(env, native_ms_)},
                                      {"graphLaunches", Napi::Number::New(env, static_cast<double>(graph_launches_))}};
  if (timed_) properties.push_back({"elapsedMs", Napi::Number::New(env, elapsed_ms_)});
  if (profile_) {
    std::vector<Napi::Value> lists;
    for (const std::vector<double>& list : step_ms_) lists.push_back(to_array(env, list));
    properties.push_back({"stepMs", make_array(env, lists)});
  }
  return make_object(env, properties);
}

}  // namespace gannet
