#include "cuda/cuda_device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "cuda/expression.h"
#include "cuda/planned_launches.h"
#include "cuda/products.h"
#include "cuda/rank_sums.h"
#include "cuda/recording.h"
#include "error.h"

namespace gannet {

namespace cuda {

namespace {

#if defined(GANNET_SIMT)
constexpr const char* kKind = "simt";
constexpr bool kSimulated = true;
constexpr const char* kArchitectures = "80";
#else
constexpr const char* kKind = "cuda";
constexpr bool kSimulated = false;
/** What the kernels were compiled for, as CMake names it: `80-real 90`. */
constexpr const char* kArchitectures = GANNET_CUDA_ARCHITECTURES;
#endif

/** Compute capability from which the kernels run, and the one that brought TF32, bfloat16 and cp.async. */
constexpr int kOldestCapability = 75;
constexpr int kAmpereCapability = 80;

int capability_of(const cudaDeviceProp& properties) { return properties.major * 10 + properties.minor; }

/** `code` is the architecture that the loaded kernels were compiled for. */
kernels::GpuLimits limits_of(const cudaDeviceProp& properties, int code) {
  return {properties.multiProcessorCount, static_cast<int>(properties.sharedMemPerMultiprocessor),
          static_cast<int>(properties.sharedMemPerBlockOptin), std::min(capability_of(properties), code)};
}

struct Gpu {
  cudaDeviceProp properties{};
  std::string problem;
};

std::string describe(cudaError_t status) { return text(cudaGetErrorName(status)); }

/** 9.0 for 90. */
std::string capability_text(int capability) { return text(capability / 10, ".", capability % 10); }

/** 12.2 for 12020, as the runtime counts versions of CUDA. */
std::string version_text(int version) { return text(version / 1000, ".", version % 1000 / 10); }

/** No driver, or one that is older than the runtime: CUDA has one error for both. */
std::string insufficient_driver(cudaError_t status) {
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) return text("no CUDA driver answers here (", describe(status), ")");
  return text("the driver is too old: it knows CUDA up to ", version_text(driver), ", and this addon was built with ",
              version_text(runtime), " (", describe(status), ")");
}

/** The architecture of the kernels that the GPU loads, which makes it ready for programs.
 *  @throws Error `device_unavailable` where the addon has none for it */
int load_code(const cudaDeviceProp& properties) {
  int architecture = 0;
  const cudaError_t status = kernels::find_code(architecture);
  if (status == cudaSuccess) return architecture;
  const int capability = capability_of(properties);
  throw Error("device_unavailable", text("the addon has kernels for the architectures ", kArchitectures, ", none of which runs on ",
                                         properties.name, " with the compute capability ", capability_text(capability), " (",
                                         describe(status), "); build it with `npx gannet build --arch ", capability, "`"));
}

/** @param index among those that the runtime shows; CUDA_VISIBLE_DEVICES chooses */
Gpu find_gpu(int index = 0) {
  Gpu gpu;
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver) {
    gpu.problem = insufficient_driver(status);
  } else if (status != cudaSuccess) {
    gpu.problem = text("the CUDA runtime does not start (", describe(status), ": ", cudaGetErrorString(status), ")");
  } else if (count == 0) {
    gpu.problem = "the CUDA driver shows no GPU; CUDA_VISIBLE_DEVICES may hide it";
  } else if (index >= count) {
    gpu.problem = text("this process is number ", index, " of those on its machine, counted from 0, and needs a GPU of its own, but the ",
                       "CUDA driver shows ", count, "; start as many processes on each machine as it has GPUs");
  } else if (cudaGetDeviceProperties(&gpu.properties, index) != cudaSuccess) {
    gpu.problem = "the GPU does not tell its properties";
  } else if (capability_of(gpu.properties) < kOldestCapability) {
    gpu.problem = text(gpu.properties.name, " has the compute capability ", gpu.properties.major, ".", gpu.properties.minor,
                       ", and the kernels need 7.5 (Turing) or newer");
  }
  cudaGetLastError();
  return gpu;
}

bool environment_flag(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && std::strcmp(value, "") != 0 && std::strcmp(value, "0") != 0;
}

/** @param capability of the GPU; @param code the architecture that its kernels were compiled for, which may be an older one
 *  @throws Error `precision_unsupported` */
kernels::Precision choose_precision(const std::string& name, int capability, int code) {
  const bool ampere = std::min(capability, code) >= kAmpereCapability;
  if (name == "auto") return ampere ? kernels::Precision::kTf32 : kernels::Precision::kFloat32;
  if (name == "float32") return kernels::Precision::kFloat32;
  if (name != "tf32" && name != "bfloat16") {
    throw Error("precision_unsupported", text("there is no precision '", name, "'; it is 'auto', 'float32', 'tf32' or 'bfloat16'"));
  }
  if (capability < kAmpereCapability) {
    throw Error("precision_unsupported", text("'", name, "' needs the compute capability 8.0 (Ampere), but the GPU has ",
                                              capability_text(capability), "; use 'float32'"));
  }
  // Kernels compiled for Turing multiply in float16, which overflows.
  if (!ampere) {
    throw Error("precision_unsupported", text("'", name, "' needs kernels compiled for the architecture 80 or a newer one, but the GPU, ",
                                              capability_text(capability), ", loads those for ", code,
                                              "; use 'float32', or build the addon with "
                                              "`npx gannet build --arch ",
                                              capability, "`"));
  }
  return name == "tf32" ? kernels::Precision::kTf32 : kernels::Precision::kBfloat16;
}

class CudaDevice final : public Device {
 public:
  /** @param gpu its place among those that the runtime shows */
  CudaDevice(const Settings& settings, int gpu, std::optional<Communicator> communicator)
      : settings_(settings), gpu_(gpu), communicator_(std::move(communicator)) {}

  ~CudaDevice() override {
    // What is still queued must end before its memory goes.
    if (stream_) cudaStreamSynchronize(stream_->get());
  }

  void enter_thread() override {}

  void create_variable(int64_t id, size_t bytes) override { variables_[id].bytes = bytes; }

  void write_variable(int64_t id, const void* data) override {
    const DeviceMemory& memory = allocated(id);
    check(cudaMemcpyAsync(memory.data(), data, memory.bytes(), cudaMemcpyHostToDevice, stream().get()), "cudaMemcpyAsync");
    update_copy(variables_.at(id));
    stream().synchronize();
  }

  void read_variable(int64_t id, void* data) override {
    const DeviceMemory& memory = allocated(id);
    check(cudaMemcpyAsync(data, memory.data(), memory.bytes(), cudaMemcpyDeviceToHost, stream().get()), "cudaMemcpyAsync");
    stream().synchronize();
  }

  void release_variable(int64_t id) override { variables_.erase(id); }

  size_t load(int64_t id, std::shared_ptr<const Program> program, const std::vector<int64_t>& variables) override {
    stream();
    LoadedProgram loaded(std::move(program), variables, settings_);
    SharedMemory& memory = loaded.sums_over_ranks() ? summing_ : shared_;
    memory.reserve(static_cast<size_t>(loaded.program().arena_bytes), loaded.workspace_bytes(), 1, stream());
    make_copies(loaded);
    preload(loaded, memory);
    const size_t workspace_bytes = loaded.workspace_bytes();
    programs_.insert_or_assign(id, std::move(loaded));
    return workspace_bytes;
  }

  void unload(int64_t id) override {
    stream().synchronize();
    const auto runs_it = [id](const auto& recording) {
      return std::any_of(recording.first.begin(), recording.first.end(), [id](const StepRun& run) { return run.program == id; });
    };
    std::erase_if(recordings_, runs_it);
    programs_.erase(id);
    if (!programs_.empty()) return;
    shared_ = SharedMemory();
    summing_ = SharedMemory();
  }

  void run(const Call& call, std::vector<double>* step_ms) override {
    std::vector<std::vector<double>> step_ms_of_calls;
    run_all({call}, step_ms ? &step_ms_of_calls : nullptr);
    if (step_ms) *step_ms = std::move(step_ms_of_calls.front());
  }

  void run_all(const std::vector<Call>& calls, std::vector<std::vector<double>>* step_ms) override {
    if (calls.empty()) return;
    const auto expect_wanted = [this] {
      if (cancelled()) throw Error("cancelled", "the run was ended early because its device goes away");
    };
    expect_wanted();
    Recording& recording = recording_of(calls);
    std::vector<std::vector<VariableMemory>> variables;
    variables.reserve(calls.size());
    for (const Call& call : calls) variables.push_back(addresses(programs_.at(call.program).variables()));
    SharedMemory& memory = recording.sums_over_ranks() ? summing_ : shared_;
    recording.reserve(memory, stream());
    recording.copy_feeds(calls, stream());
    if (settings_.synchronous || step_ms) {
      recording.run_steps(memory, variables, stream(), expect_wanted, step_ms);
    } else if (recording.replay(memory, variables, stream())) {
      count_graph_launch();
    }
    recording.take_outputs(calls, memory, stream());
  }

  std::optional<MemoryUse> memory_use() override {
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return MemoryUse{total - free, total};
  }

  // Events, because a run that fetches nothing is not waited for.
  void start_clock() override {
    stream();
    clock_start_.emplace().record(stream());
  }

  double elapsed_ms() override {
    Event end;
    end.record(stream());
    end.wait();
    return end.since(*clock_start_);
  }

 private:
  struct Variable {
    size_t bytes = 0;
    DeviceMemory memory;
    /** The same numbers as bfloat16, once a program reads them so. Whatever writes the variable writes the copy too. */
    DeviceMemory copy;
  };

  /** Made with its first use, so that failures are errors of something that is awaited. */
  const Stream& stream() {
    if (!stream_) {
      check(cudaSetDevice(gpu_), "cudaSetDevice");
      if (communicator_) {
        sums_.emplace(*communicator_);
        watch_while_waiting([this] { sums_->expect_success(); });
      }
      stream_.emplace();
    }
    return *stream_;
  }

  const DeviceMemory& allocated(int64_t id) {
    Variable& variable = variables_.at(id);
    if (variable.memory.data() == nullptr) {
      stream();
      variable.memory = DeviceMemory(variable.bytes);
      check(cudaMemsetAsync(variable.memory.data(), 0, variable.bytes, stream().get()), "cudaMemsetAsync");
    }
    return variable.memory;
  }

  /** Queues the rounding of a variable into its copy, if it has one. */
  void update_copy(const Variable& variable) {
    queue_copy({variable.memory.data(), variable.copy.data()}, elements_of(variable), stream().get());
  }

  static int elements_of(const Variable& variable) { return static_cast<int>(variable.bytes / kBytesPerElement); }

  /** Makes the copies that a program reads and that are not there yet. */
  void make_copies(const LoadedProgram& loaded) {
    for (size_t i = 0; i < loaded.variables().size(); i++) {
      const int64_t id = loaded.variables()[i];
      Variable& variable = variables_.at(id);
      if (!loaded.reads_copy(i) || variable.copy.data() != nullptr) continue;
      allocated(id);
      DeviceMemory copy(variable.bytes / 2);
      queue_copy({variable.memory.data(), copy.data()}, elements_of(variable), stream().get());
      // Kept only now: a copy that could not be filled must not pass for one that is right.
      variable.copy = std::move(copy);
      // Recorded graphs do not write it yet.
      shared_.generation++;
      summing_.generation++;
    }
  }

  /** Graphs that are kept: one for each sequence of programs that a step runs, with outputs fetched or not. */
  static constexpr ptrdiff_t kMostRecordings = 32;

  Recording& recording_of(const std::vector<Call>& calls) {
    StepRuns runs;
    runs.reserve(calls.size());
    // Ranks must record their sums alike, whichever of them wants the outputs.
    for (const Call& call : calls) runs.push_back({.program = call.program, .fetches = sums_ || !call.outputs.empty()});
    const auto known = recordings_.find(runs);
    if (known != recordings_.end()) return known->second;
    std::vector<const LoadedProgram*> programs;
    for (const StepRun& run : runs) programs.push_back(&programs_.at(run.program));
    stream();
    Recording recording(runs, programs, sums_ ? &*sums_ : nullptr);
    make_room(recording.sums_over_ranks());
    return recordings_.emplace(runs, std::move(recording)).first->second;
  }

  /** Forgets the recordings that sum over ranks, or the others, where there are too many: ranks forget the same of the former. */
  void make_room(bool sum_over_ranks) {
    const auto is_alike = [&](const auto& known) { return known.second.sums_over_ranks() == sum_over_ranks; };
    if (std::count_if(recordings_.begin(), recordings_.end(), is_alike) < kMostRecordings) return;
    stream().synchronize();
    std::erase_if(recordings_, is_alike);
  }

  /** Loads the kernels of a program, with addresses for which the same are chosen as in its runs. */
  void preload(const LoadedProgram& loaded, const SharedMemory& memory) {
    const std::vector<const char*> feeds(loaded.program().feeds.size(), memory.index_errors.data());
    const std::vector<VariableMemory> variables = addresses(loaded.variables());
    loaded.preload({.arena = memory.arena.data(),
                    .feeds = feeds,
                    .variables = variables,
                    .workspace = memory.workspace.data(),
                    .index_error = reinterpret_cast<kernels::IndexError*>(memory.index_errors.data()),
                    .stream = stream().get()});
  }

  std::vector<VariableMemory> addresses(const std::vector<int64_t>& variables) {
    std::vector<VariableMemory> result;
    result.reserve(variables.size());
    for (const int64_t id : variables) result.push_back({allocated(id).data(), variables_.at(id).copy.data()});
    return result;
  }

  Settings settings_;
  int gpu_;
  std::optional<Communicator> communicator_;
  /** Outlives the recordings, which its communicator waits for when it is destroyed. */
  std::optional<RankSums> sums_;
  std::optional<Stream> stream_;
  std::optional<Event> clock_start_;
  std::map<int64_t, Variable> variables_;
  /** Of programs that sum over ranks, and of all others. They are apart so that a rank which runs more of the others than the rest of the
   *  ranks need not record its sums anew. */
  SharedMemory summing_, shared_;
  std::map<int64_t, LoadedProgram> programs_;
  /** Of programs that are loaded. */
  std::map<StepRuns, Recording> recordings_;
};

DeviceInfo info() {
  const Gpu gpu = find_gpu();
  if (!gpu.problem.empty()) return {kKind, "", {}, gpu.problem};
  const cudaDeviceProp& properties = gpu.properties;
  int driver = 0;
  cudaDriverGetVersion(&driver);
  return {kKind,
          properties.name,
          {{"compute capability", capability_text(capability_of(properties))},
           {"driver", version_text(driver)},
           {"kernels for", kArchitectures},
           {"memory", text(properties.totalGlobalMem >> 20, " MiB")},
           {"multiprocessors", text(properties.multiProcessorCount)}},
          ""};
}

std::vector<std::string> supported_ops() {
  std::vector<std::string> ops;
  for (const auto& [op, factory] : kernel_table()) ops.push_back(name_of(op));
  return ops;
}

/** Which of the GPUs that the runtime shows is the process's own. A launcher may show each process its own GPU only. */
int own_gpu(int wanted) {
  int count = 0;
  const bool is_narrowed = std::getenv("CUDA_VISIBLE_DEVICES") != nullptr;
  return is_narrowed && cudaGetDeviceCount(&count) == cudaSuccess && count == 1 ? 0 : wanted;
}

std::unique_ptr<Device> open(const DeviceOptions& options) {
  const int index = own_gpu(options.gpu);
  const Gpu gpu = find_gpu(index);
  if (!gpu.problem.empty()) throw Error("device_unavailable", gpu.problem);
  const cudaDeviceProp& properties = gpu.properties;
  check(cudaSetDevice(index), "cudaSetDevice");
  const int code = load_code(properties);
  return std::make_unique<CudaDevice>(Settings{.precision = choose_precision(options.precision, capability_of(properties), code),
                                               .gpu = limits_of(properties, code),
                                               .synchronous = environment_flag("GANNET_CUDA_SYNC"),
                                               .poisons_outputs = kSimulated},
                                      index, options.communicator);
}

#if defined(GANNET_SIMT)
std::vector<PlannedLaunch> plan(const Program& program, const GpuDescription& gpu) {
  return plan_launches(program, choose_precision(gpu.precision, gpu.architecture, gpu.architecture),
                       {gpu.multiprocessors, gpu.shared_per_multiprocessor, gpu.shared_per_block, gpu.architecture});
}
#else
constexpr auto plan = nullptr;
#endif

}  // namespace

}  // namespace cuda

DeviceKind cuda_kind() {
  return {cuda::info, cuda::supported_ops, cuda::open, cuda::plan, cuda::bfloat16_operands, cuda::make_communicator_id};
}

}  // namespace gannet

#if defined(GANNET_SIMT)
/** What the addon asks the simulator's library for. */
extern "C" __attribute__((visibility("default"))) gannet::DeviceKind gannet_simt_kind() { return gannet::cuda_kind(); }
#endif
