#include "cpu_device.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "cpu/blocked_steps.h"
#include "cpu/kernel.h"
#include "cpu/memory.h"
#include "error.h"

namespace gannet {

namespace {

using Clock = std::chrono::steady_clock;

/** A program made ready: one kernel per step. */
struct Loaded {
  std::shared_ptr<const Program> program;
  std::vector<int64_t> variables;
  std::vector<Kernel> kernels;
  std::vector<BlockedSteps> blocked;
  /** The filters to pack before each step. */
  std::vector<std::vector<std::shared_ptr<PackedFilter>>> packed;
  size_t workspace_bytes = 0;
  size_t packed_bytes = 0;
};

/** Numbers below the smallest normal one become 0: they are worthless in training and slow on many processors. New threads
 *  inherit the setting, so OpenMP's have it too. */
void flush_denormals() {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | (uint64_t{1} << 24)));
#endif
}

/** The exception being handled, blamed on the step. */
Error blamed(const Step& step) {
  try {
    throw;
  } catch (const dnnl::error& error) {
    if (is_out_of_memory(error)) return Error("out_of_memory", "oneDNN found no memory").blamed_on(name_of(step.op), step.scope);
    std::string shapes;
    for (const Slot& input : step.inputs) shapes += to_string(input.shape) + " ";
    return Error("kernel_failed",
                 text("oneDNN: ", error.what(), " (status ", error.status, ") for ", shapes, "-> ", to_string(step.output.shape)))
        .blamed_on(name_of(step.op), step.scope);
  } catch (...) {
    return current_error().blamed_on(name_of(step.op), step.scope);
  }
}

/** The threads that OpenMP has for `wanted` ones; 0 wants all. */
int usable_threads(int wanted) { return std::min(wanted > 0 ? wanted : omp_get_max_threads(), omp_get_thread_limit()); }

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(int threads) : threads_(threads) {}

  /** oneDNN waits for as many threads as it counts on, and its results depend on their number, so OpenMP may not choose fewer later. */
  void enter_thread() override {
    flush_denormals();
    omp_set_dynamic(0);
    threads_ = usable_threads(threads_);
    omp_set_num_threads(threads_);
  }

  void create_variable(int64_t id, size_t bytes) override { variables_[id].bytes = bytes; }

  void write_variable(int64_t id, const void* data) override {
    const Memory& memory = allocated(id);
    std::memcpy(memory.data(), data, memory.bytes());
  }

  void read_variable(int64_t id, void* data) override {
    const Memory& memory = allocated(id);
    std::memcpy(data, memory.data(), memory.bytes());
  }

  void release_variable(int64_t id) override { variables_.erase(id); }

  size_t load(int64_t id, std::shared_ptr<const Program> program, const std::vector<int64_t>& variables) override {
    Loaded loaded = build(std::move(program), variables);
    for (const int64_t variable : variables) allocated(variable);
    arena_.grow(static_cast<size_t>(loaded.program->arena_bytes));
    workspace_.grow(loaded.workspace_bytes);
    packed_.grow(loaded.packed_bytes);
    const size_t bytes = loaded.workspace_bytes + loaded.packed_bytes;
    programs_.insert_or_assign(id, std::move(loaded));
    return bytes;
  }

  void unload(int64_t id) override {
    programs_.erase(id);
    if (programs_.empty()) arena_ = Memory(), workspace_ = Memory(), packed_ = Memory();
  }

  void run(const Call& call, std::vector<double>* step_ms) override {
    const Loaded& loaded = programs_.at(call.program);
    std::vector<void*> variables;
    for (const int64_t id : loaded.variables) variables.push_back(allocated(id).data());
    const Run run{arena_.data(), call.feeds, variables, workspace_.data(), packed_.data(), threads_};
    auto blocked = loaded.blocked.begin();
    for (size_t i = 0; i < loaded.kernels.size();) {
      if (cancelled()) throw Error("cancelled", "the run was ended early because its device goes away");
      if (blocked != loaded.blocked.end() && blocked->first() == i) {
        blocked->run(run, step_ms);
        i += (blocked++)->size();
        continue;
      }
      const Clock::time_point start = Clock::now();
      run_step(loaded, i++, run);
      if (step_ms) step_ms->push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    for (size_t i = 0; i < call.outputs.size(); i++) {
      const Slot& slot = loaded.program->outputs[i].slot;
      std::memcpy(call.outputs[i], run.input<char>(slot), static_cast<size_t>(slot.bytes()));
    }
  }

 private:
  struct Variable {
    size_t bytes = 0;
    Memory memory;
  };

  /** Memory comes with the first use, so that lack of it is an error of something that is awaited. */
  const Memory& allocated(int64_t id) {
    Variable& variable = variables_.at(id);
    if (variable.memory.data() == nullptr) {
      variable.memory = Memory(variable.bytes);
      std::memset(variable.memory.data(), 0, variable.bytes);
    }
    return variable.memory;
  }

  Loaded build(std::shared_ptr<const Program> program, const std::vector<int64_t>& variables) {
    Loaded loaded{std::move(program), variables, {}, {}, {}, 0, 0};
    PackedFilters packed;
    Build build{vector_kernels(), dnn_, packed, threads_};
    const std::vector<Step>& steps = loaded.program->steps;
    for (size_t i = 0; i < steps.size(); i++) {
      packed.begin_step(i);
      loaded.kernels.push_back(build_kernel(steps[i], build));
      loaded.workspace_bytes = std::max(loaded.workspace_bytes, loaded.kernels.back().workspace_bytes);
      packed.end_step(steps[i]);
    }
    loaded.blocked = BlockedSteps::find(steps, loaded.kernels, threads_);
    for (const BlockedSteps& blocked : loaded.blocked) {
      loaded.workspace_bytes = std::max(loaded.workspace_bytes, blocked.workspace_bytes());
    }
    loaded.packed_bytes = packed.place();
    for (size_t i = 0; i < steps.size(); i++) loaded.packed.push_back(packed.packed_before(i));
    return loaded;
  }

  /** The vector kernels know elements of four bytes only. */
  static void expect_words(const Step& step) {
    const auto is_bfloat16 = [](const Slot& slot) { return slot.dtype == DType::kBfloat16; };
    if (!is_bfloat16(step.output) && std::none_of(step.inputs.begin(), step.inputs.end(), is_bfloat16)) return;
    throw Error("precision_unsupported", "the CPU device keeps no values as bfloat16");
  }

  static Kernel build_kernel(const Step& step, Build& build) {
    const auto found = kernel_table().find(step.op);
    if (found == kernel_table().end())
      throw Error("op_unsupported", "the CPU device does not execute this op").blamed_on(name_of(step.op), step.scope);
    try {
      expect_words(step);
      return found->second(step, build);
    } catch (...) {
      throw blamed(step);
    }
  }

  void run_step(const Loaded& loaded, size_t index, const Run& run) {
    try {
      for (const std::shared_ptr<PackedFilter>& filter : loaded.packed[index]) filter->pack(run, run.packed + filter->offset);
      loaded.kernels[index].run(run);
    } catch (...) {
      throw blamed(loaded.program->steps[index]);
    }
  }

  int threads_;
  OneDnn dnn_;
  std::map<int64_t, Variable> variables_;
  std::map<int64_t, Loaded> programs_;
  // Shared by all programs: nothing in them outlives a run.
  Memory arena_, workspace_, packed_;
};

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

DeviceInfo info() {
  return {"cpu",
          processor_name(),
          {{"oneDNN", onednn_version()},
           {"oneDNN isa", onednn_isa()},
           {"isa", vector_kernels().isa},
           {"threads", std::to_string(usable_threads(0))}},
          ""};
}

std::vector<std::string> supported_ops() {
  std::vector<std::string> ops;
  for (const auto& [op, factory] : kernel_table()) ops.push_back(name_of(op));
  return ops;
}

std::unique_ptr<Device> open(const DeviceOptions& options) {
  if (options.precision != "auto" && options.precision != "float32") {
    throw Error("precision_unsupported", text("the device 'cpu' computes in float32, but the precision '", options.precision,
                                              "' was asked for; choose the precision float32 or auto (--precision float32)"));
  }
  return std::make_unique<CpuDevice>(options.threads);
}

}  // namespace

void prepare_cpu() { limit_onednn(allowed_instruction_set()); }

DeviceKind cpu_kind() { return {info, supported_ops, open}; }

}  // namespace gannet
