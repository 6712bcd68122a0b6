#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "cpu/memory.h"
#include "device.h"
#include "worker.h"

// One run of several programs: how JavaScript asks for it, and what goes to the device's thread and back.
namespace gannet {

/** A call as JavaScript gave it. */
struct RequestedCall {
  int64_t program = 0;
  std::vector<Napi::Value> feeds;
  bool fetch = false;
};

/** Everything that JavaScript gave, read before any state is looked up: reading may run code of the user, a getter or a proxy, which
 *  may unload the program, release its variables or close the device. */
struct RunRequest {
  std::vector<RequestedCall> calls;
  bool profile = false, timed = false;
};
RunRequest read_run_request(const Napi::CallbackInfo& info);

/** A copy of a Float32Array or Int32Array, so that the user may change, transfer or resize its buffer meanwhile. One NaN stands for all,
 *  as in the memory of kernels (`writable`, cuda/common/basics.h). */
Memory copy_of(const ArrayView& view);

/** What a run works on, on the device's thread. */
class NativeRun {
 public:
  NativeRun(bool profile, bool timed) : profile_(profile), timed_(timed) {}

  /** Adds a call of `program` with copies of the request's feeds, and buffers to `job` for what it fetches. @throws Error `feed_count`,
   *  `feed_dtype`, `feed_length` or `argument_invalid` where a feed does not fit the program */
  void add(const RequestedCall& request, const Program& program, Napi::Env env, Job& job);

  void execute(Device& device);

  /** NativeResult of src/device/native.ts. */
  Napi::Value result(Napi::Env env, const Job& job) const;

 private:
  std::vector<Call> calls_;
  std::vector<Memory> feeds_;
  bool profile_, timed_;
  std::vector<std::vector<double>> step_ms_;
  double native_ms_ = 0, elapsed_ms_ = 0;
  int64_t graph_launches_ = 0;
};

}  // namespace gannet
