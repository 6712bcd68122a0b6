#include <napi.h>

#include "cpu/float64_product.h"
#include "decode.h"
#include "device.h"
#include "environment.h"
#include "guard.h"
#include "mpi_links.h"
#include "native_device.h"
#include "ranks.h"
#include "tcp_links.h"
#include "values.h"

// The exports of the addon, typed as NativeAddon in src/device/native.ts.
namespace gannet {

namespace {

Napi::Value to_js(Napi::Env env, const DeviceInfo& info) {
  Napi::Object details = Napi::Object::New(env);
  for (const auto& [key, value] : info.details) define(details, {{key.c_str(), Napi::String::New(env, value)}});
  return make_object(env, {
                              {"kind", Napi::String::New(env, info.kind)},
                              {"available", Napi::Boolean::New(env, info.problem.empty())},
                              {"description", Napi::String::New(env, info.description)},
                              {"details", details},
                              {"problem", Napi::String::New(env, info.problem)},
                          });
}

Napi::Value to_js(Napi::Env env, const std::string& value) { return Napi::String::New(env, value); }
Napi::Value to_js(Napi::Env env, size_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

Napi::Value to_js(Napi::Env env, const std::vector<bool>& flags) {
  std::vector<Napi::Value> values;
  values.reserve(flags.size());
  for (const bool flag : flags) values.push_back(Napi::Boolean::New(env, flag));
  return make_array(env, values);
}

Napi::Value to_js(Napi::Env env, const PlannedLaunch& launch);

template <typename T>
Napi::Value list_to_js(Napi::Env env, const std::vector<T>& list) {
  std::vector<Napi::Value> values;
  values.reserve(list.size());
  for (const T& value : list) values.push_back(to_js(env, value));
  return make_array(env, values);
}

Napi::Value to_js(Napi::Env env, const PlannedLaunch& launch) {
  const auto number = [&](auto value) { return Napi::Number::New(env, static_cast<double>(value)); };
  return make_object(env, {
                              {"step", number(launch.step)},
                              {"steps", number(launch.steps)},
                              {"epilogue", Napi::String::New(env, launch.epilogue)},
                              {"results", list_to_js(env, launch.results)},
                              {"symbol", Napi::String::New(env, launch.symbol)},
                              {"blocks", number(launch.blocks)},
                              {"threads", number(launch.threads)},
                              {"sharedBytes", number(launch.shared_bytes)},
                              {"scratchBytesRead", number(launch.scratch_read)},
                              {"scratchBytesWritten", number(launch.scratch_written)},
                          });
}

/** A figure of a GPU, which later divides and is multiplied by others. */
int read_figure(const Field& gpu, const char* key, int64_t smallest, int64_t largest) {
  const Field field = gpu.at(key);
  const int64_t value = field.integer();
  if (value < smallest || value > largest) {
    throw Error("argument_invalid", text(field.path(), " must be ", smallest, " to ", largest, ", but is ", value));
  }
  return static_cast<int>(value);
}

GpuDescription read_gpu(const Field& gpu) {
  constexpr int64_t kMostMultiprocessors = 1024, kFewestSharedBytes = 16 << 10, kMostSharedBytes = 1 << 20;
  // From Turing on, for which the kernels are written.
  constexpr int64_t kOldestArchitecture = 75, kNewestArchitecture = 999;
  return {
      .multiprocessors = read_figure(gpu, "multiprocessors", 1, kMostMultiprocessors),
      .shared_per_multiprocessor = read_figure(gpu, "sharedBytesPerMultiprocessor", kFewestSharedBytes, kMostSharedBytes),
      .shared_per_block = read_figure(gpu, "sharedBytesPerBlock", kFewestSharedBytes, kMostSharedBytes),
      .architecture = read_figure(gpu, "architecture", kOldestArchitecture, kNewestArchitecture),
      .precision = gpu.at("precision").string(),
  };
}

Napi::Value list_devices(const Napi::CallbackInfo& info) { return list_to_js(info.Env(), gannet::list_devices()); }

Napi::Value supported_ops(const Napi::CallbackInfo& info) {
  return list_to_js(info.Env(), gannet::supported_ops(Field(info[0], "kind").string()));
}

Napi::Value bfloat16_operands(const Napi::CallbackInfo& info) {
  return list_to_js(info.Env(), gannet::bfloat16_operands(Field(info[0], "kind").string(), decode_program(info[1])));
}

Napi::Value open_device(const Napi::CallbackInfo& info) { return Environment::of(info.Env()).device_class.New({info[0], info[1]}); }

Napi::Value plan_launches(const Napi::CallbackInfo& info) {
  return list_to_js(info.Env(), gannet::plan_launches(decode_program(info[0]), read_gpu(Field(info[1], "gpu"))));
}

/** Rows of `depth` numbers that an argument holds. */
int64_t rows_of(const Float64View& view, int64_t depth, const char* what) {
  if (view.length % depth == 0) return view.length / depth;
  throw Error("argument_invalid", text(what, " has ", view.length, " numbers, which are no whole rows of ", depth));
}

Napi::Value add_product(const Napi::CallbackInfo& info) {
  const int64_t depth = Field(info[3], "depth").integer();
  if (depth < 1) throw Error("argument_invalid", text("depth must be at least 1, but is ", depth));
  const Float64View c = view_float64(info[0], "c"), a = view_float64(info[1], "a"), b = view_float64(info[2], "b");
  const int64_t rows = rows_of(a, depth, "a"), columns = rows_of(b, depth, "b");
  if (c.length != rows * columns) {
    throw Error("argument_invalid", text("c must have ", rows, " x ", columns, " numbers, but has ", c.length));
  }
  gannet::add_product(c.data, a.data, b.data, rows, columns, depth);
  return info.Env().Undefined();
}

int32_t read_patience(const Napi::Value& value) {
  constexpr int64_t kLongestPatience = int64_t{24} * 3600;
  const int64_t patience = Field(value, "patienceSeconds").integer();
  if (patience >= 1 && patience <= kLongestPatience) return static_cast<int32_t>(patience);
  throw Error("argument_invalid", text("patienceSeconds must be 1 to ", kLongestPatience, ", but is ", patience));
}

Napi::Value to_js(Napi::Env env, const RankLinks& links) {
  return make_object(env, {{"rank", Napi::Number::New(env, links.rank())}, {"ranks", Napi::Number::New(env, links.ranks())}});
}

Napi::Value join_ranks_by_mpi(const Napi::CallbackInfo& info) {
  const std::string library = Field(info[0], "library").string();
  const int32_t patience = read_patience(info[1]);
  return to_js(info.Env(), join_ranks([&] { return join_by_mpi(library, patience); }));
}

Napi::Value join_ranks_by_tcp(const Napi::CallbackInfo& info) {
  constexpr int64_t kMostRanks = 1 << 20, kLastPort = 65535;
  const Field field(info[0], "place");
  const int64_t port = field.at("port").integer(), rank = field.at("rank").integer(), ranks = field.at("ranks").integer();
  if (port < 1 || port > kLastPort) throw Error("argument_invalid", text("place.port must be 1 to ", kLastPort, ", but is ", port));
  if (ranks < 2 || ranks > kMostRanks) throw Error("argument_invalid", text("place.ranks must be 2 to ", kMostRanks, ", but is ", ranks));
  if (rank < 0 || rank >= ranks) throw Error("argument_invalid", text("place.rank must be 0 to ", ranks - 1, ", but is ", rank));
  const TcpPlace place{field.at("address").string(), static_cast<int>(port), static_cast<int32_t>(rank), static_cast<int32_t>(ranks)};
  const int32_t patience = read_patience(info[1]);
  return to_js(info.Env(), join_ranks([&] { return join_by_tcp(place, patience); }));
}

Napi::Value exchange(const Napi::CallbackInfo& info) {
  const ArrayView own = view_array(info[0], "own");
  const char* bytes = static_cast<const char*>(own.data);
  const std::vector<char> all = joined_ranks().exchange({bytes, bytes + own.bytes});
  Napi::ArrayBuffer result = make_buffer(info.Env(), all.size());
  std::copy(all.begin(), all.end(), static_cast<char*>(result.Data()));
  return result;
}

Napi::Value communicator_id(const Napi::CallbackInfo& info) {
  const std::vector<char> id = gannet::communicator_id(Field(info[0], "kind").string());
  Napi::ArrayBuffer result = make_buffer(info.Env(), id.size());
  std::copy(id.begin(), id.end(), static_cast<char*>(result.Data()));
  return result;
}

Napi::Value beat(const Napi::CallbackInfo& info) {
  gannet::beat();
  return info.Env().Undefined();
}

Napi::Value set_advice(const Napi::CallbackInfo& info) {
  joined_ranks().set_advice(Field(info[0], "text").string());
  return info.Env().Undefined();
}

Napi::Value abort_ranks(const Napi::CallbackInfo& info) {
  joined_ranks().abort(Field(info[0], "message").string());
  return info.Env().Undefined();
}

Napi::Value leave_ranks(const Napi::CallbackInfo& info) {
  gannet::leave_ranks();
  return info.Env().Undefined();
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void add_function(Napi::Object exports, const char* name) {
  exports[name] = Napi::Function::New<entry<function>>(exports.Env(), name);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  prepare_devices();
  env.SetInstanceData(new Environment{
      .device_class = Napi::Persistent(NativeDevice::define_class(env)),
      .array_buffer = Napi::Persistent(env.Global().Get("ArrayBuffer").As<Napi::Function>()),
  });
  exports["version"] = Napi::String::New(env, GANNET_VERSION);
  add_function<list_devices>(exports, "listDevices");
  add_function<supported_ops>(exports, "supportedOps");
  add_function<bfloat16_operands>(exports, "bfloat16Operands");
  add_function<plan_launches>(exports, "planLaunches");
  add_function<open_device>(exports, "openDevice");
  add_function<add_product>(exports, "addProduct");
  add_function<join_ranks_by_mpi>(exports, "joinRanksByMpi");
  add_function<join_ranks_by_tcp>(exports, "joinRanksByTcp");
  add_function<exchange>(exports, "exchange");
  add_function<communicator_id>(exports, "communicatorId");
  add_function<beat>(exports, "beat");
  add_function<set_advice>(exports, "setAdvice");
  add_function<abort_ranks>(exports, "abortRanks");
  add_function<leave_ranks>(exports, "leaveRanks");
  return exports;
}

}  // namespace

}  // namespace gannet

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  return gannet::guarded(env, [&]() -> Napi::Value { return gannet::init(env, exports); }).As<Napi::Object>();
}

NODE_API_MODULE(gannet, init)
