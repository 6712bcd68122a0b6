#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "program.h"

namespace gannet {

/** What was found of one kind of device. */
struct DeviceInfo {
  std::string kind;
  std::string description;
  std::map<std::string, std::string> details;
  /** Why it cannot be opened; '' if it can. */
  std::string problem;
};

/** One program to run. `feeds` and `outputs` are in the program's order; no outputs: nothing is copied back. */
struct Call {
  int64_t program = 0;
  std::vector<const void*> feeds;
  std::vector<void*> outputs;
};

/** Memory of a device, in bytes: what all processes use of it, and what it has. */
struct MemoryUse {
  size_t used = 0, total = 0;
};

/** Something that executes programs. Apart from construction and `cancel`, every call comes from one thread, the device's
 *  own, and arguments have been checked: ids exist, sizes agree. Failures are thrown as Error. */
class Device {
 public:
  virtual ~Device() = default;

  /** Called first on the device's thread. */
  virtual void enter_thread() = 0;

  /** A variable of zeros. */
  virtual void create_variable(int64_t id, size_t bytes) = 0;
  virtual void write_variable(int64_t id, const void* data) = 0;
  virtual void read_variable(int64_t id, void* data) = 0;
  virtual void release_variable(int64_t id) = 0;

  /** Makes a program ready to run; returns the bytes of scratch memory it needs besides the arena. */
  virtual size_t load(int64_t id, std::shared_ptr<const Program> program, const std::vector<int64_t>& variables) = 0;
  virtual void unload(int64_t id) = 0;

  /** Runs a program. `step_ms`, unless null, receives the milliseconds of each step. */
  virtual void run(const Call& call, std::vector<double>* step_ms) = 0;

  /** Runs programs one after another, which a device may do as one. `step_ms`, unless null, receives a list for each. */
  virtual void run_all(const std::vector<Call>& calls, std::vector<std::vector<double>>* step_ms) {
    for (const Call& call : calls) run(call, step_ms ? &step_ms->emplace_back() : nullptr);
  }

  /** Nothing where the device's memory is the machine's own. */
  virtual std::optional<MemoryUse> memory_use() { return std::nullopt; }

  /** How many recorded graphs it has started. */
  int64_t graph_launches() const { return graph_launches_; }

  /** Starts the device's clock; `elapsed_ms` waits for the runs since then and tells the milliseconds that they took on it. */
  virtual void start_clock() { clock_start_ = std::chrono::steady_clock::now(); }
  virtual double elapsed_ms() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - clock_start_).count(); }

  /** Makes a run that is under way end early, at the next step, with Error `cancelled`. Any thread. */
  void cancel() { cancelled_ = true; }

 protected:
  bool cancelled() const { return cancelled_; }
  void count_graph_launch() { graph_launches_++; }

 private:
  int64_t graph_launches_ = 0;
  std::atomic<bool> cancelled_{false};
  std::chrono::steady_clock::time_point clock_start_;
};

/** This process among those whose devices sum their numbers together. */
struct Communicator {
  int rank = 0, ranks = 1;
  /** What `communicator_id` has made for all of them. */
  std::vector<char> id = {};
};

/** What a device is opened with. */
struct DeviceOptions {
  /** 0 means all; only the CPU device counts threads. */
  int threads = 0;
  /** 'auto', 'float32', 'tf32' or 'bfloat16': how convolutions and matrix products multiply. */
  std::string precision = "auto";
  /** Which of the machine's GPUs. */
  int gpu = 0;
  /** Only of GPUs. */
  std::optional<Communicator> communicator = std::nullopt;
};

/** The limits of a GPU that decide how kernels are launched. */
struct GpuDescription {
  int multiprocessors = 0;
  /** In bytes. */
  int shared_per_multiprocessor = 0, shared_per_block = 0;
  /** 10 * major + minor of the compute capability. */
  int architecture = 0;
  std::string precision;
};

/** A kernel's launch that a program's step leads to. */
struct PlannedLaunch {
  size_t step = 0;
  /** How many steps it does, from that one on. */
  size_t steps = 1;
  /** What a product does with its sums besides writing them: 'none', 'expression' or 'statistics', which is then the second step. */
  std::string epilogue;
  /** Of these steps, counted from the first, those whose results it writes. */
  std::vector<size_t> results;
  /** The kernel's mangled name. */
  std::string symbol;
  int64_t blocks = 0, threads = 0, shared_bytes = 0;
  /** Scratch memory that it reads and that it leaves behind. */
  int64_t scratch_read = 0, scratch_written = 0;
};

/** One kind of device: what is known without opening it, and how to open it. */
struct DeviceKind {
  DeviceInfo (*info)();
  std::vector<std::string> (*supported_ops)();
  /** @throws Error `device_unavailable`, `precision_unsupported` */
  std::unique_ptr<Device> (*open)(const DeviceOptions&);
  /** The launches of a program on a GPU that need not be there; null where the kind cannot tell. */
  std::vector<PlannedLaunch> (*plan)(const Program&, const GpuDescription&) = nullptr;
  /** Of each step and each of its inputs, whether it is an operand of a product that is read as bfloat16; null where none is. */
  std::vector<std::vector<bool>> (*bfloat16_operands)(const Program&) = nullptr;
  /** See `communicator_id`; null where the kind sums in another way. */
  std::vector<char> (*communicator_id)() = nullptr;
};

/** Reads what the environment asks of devices. Comes before everything else. @throws Error `instruction_set_unknown` */
void prepare_devices();

/** Every kind of device this build knows, the available ones and the others. */
std::vector<DeviceInfo> list_devices();

/** Ops that a kind of device executes. @throws Error `device_unknown` */
std::vector<std::string> supported_ops(const std::string& kind);

/** Of each step of a program and each of its inputs, whether it is an operand of a product that a kind of device can read as bfloat16.
 *  @throws Error `device_unknown` */
std::vector<std::vector<bool>> bfloat16_operands(const std::string& kind, const Program& program);

/** The launches of a program on a GPU that need not be there. @throws Error `device_unavailable` in a build without the simulator */
std::vector<PlannedLaunch> plan_launches(const Program& program, const GpuDescription& gpu);

/** What the devices of this kind in all processes that are to sum their numbers are told; made by one of them.
 *  @throws Error `device_unknown`, `device_unavailable`, `nccl_unavailable`, `nccl_failed` */
std::vector<char> communicator_id(const std::string& kind);

/** Opens a device. @throws Error `device_unknown`, `device_unavailable`, `precision_unsupported` */
std::unique_ptr<Device> open_device(const std::string& kind, const DeviceOptions& options);

}  // namespace gannet
