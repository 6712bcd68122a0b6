#pragma once

#include <napi.h>

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "device.h"
#include "guard.h"
#include "values.h"

namespace gannet {

/** Something to do on a device's thread. Made and destroyed on the JavaScript thread. */
struct Job {
  /** Runs on the device's thread. */
  std::function<void(Device&)> work;
  /** Makes the promise's value on the JavaScript thread, after `work` has succeeded. */
  std::function<Napi::Value(Napi::Env)> result;
  /** Settled when the work has ended; absent where nobody waits. */
  std::optional<Settlement> settlement;
  /** ArrayBuffers that the work fills; JavaScript sees them only afterwards, so it cannot take them away meanwhile. */
  std::vector<Napi::ObjectReference> buffers;

  /** The buffer's memory, for `work` to fill. */
  void* add_buffer(Napi::ArrayBuffer buffer);

  /** What `work` threw. */
  std::exception_ptr failure;
};

/** The thread on which a device works through its jobs in order. Promises settle on the JavaScript thread. An idle worker does
 *  not keep the process alive. Every method belongs to the JavaScript thread. */
class Worker {
 public:
  /** Calls `busy(true)` when the first job arrives and `busy(false)` when none is left, so that its owner outlives its jobs. */
  Worker(Napi::Env env, std::unique_ptr<Device> device, std::function<void(bool)> busy);
  /** Ends the running job early and drops the waiting ones. */
  ~Worker();

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::unique_ptr<Job> job);

  /** Destroys the device once the queued jobs have ended. Nothing may be posted afterwards. */
  void finish();

 private:
  static void on_settle(Napi::Env env, Napi::Function, Worker* worker, void*);
  static void on_teardown(void* worker);
  using Signal = Napi::TypedThreadSafeFunction<Worker, void, on_settle>;

  using Jobs = std::list<std::unique_ptr<Job>>;

  void work();
  /** The next job in a list of its own; empty once the thread is to end. */
  Jobs next();
  /** Settles the job that has ended first. Nothing is thrown: the environment may be ending, and then Node-API refuses everything. */
  void settle(Napi::Env env) noexcept;  // NOLINT(bugprone-exception-escape): a mutex in order does not throw
  void stop();

  napi_env env_;
  std::unique_ptr<Device> device_;
  std::function<void(bool)> busy_;
  Signal signal_;
  size_t pending_ = 0;
  bool stopped_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  /** Lists, because moving a job from one to the other cannot fail. */
  Jobs queue_, done_;
  bool finishing_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace gannet
