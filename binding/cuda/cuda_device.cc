#include "cuda/cuda_device.h"

#include <cstdlib>
#include <cstring>
#include <optional>

#include "cuda/loaded_program.h"
#include "cuda/planned_launches.h"
#include "error.h"

namespace gannet {

namespace cuda {

namespace {

#if defined(GANNET_SIMT)
constexpr const char* kKind = "simt";
constexpr bool kSimulated = true;
#else
constexpr const char* kKind = "cuda";
constexpr bool kSimulated = false;
#endif

/** The first GPU that the runtime shows; CUDA_VISIBLE_DEVICES chooses. */
constexpr int kGpu = 0;
/** Compute capability from which the kernels run, and the one that brought TF32, bfloat16 and cp.async. */
constexpr int kOldestCapability = 75;
constexpr int kAmpereCapability = 80;

int capability_of(const cudaDeviceProp& properties) { return properties.major * 10 + properties.minor; }

kernels::GpuLimits limits_of(const cudaDeviceProp& properties) {
  return {properties.multiProcessorCount, static_cast<int>(properties.sharedMemPerMultiprocessor),
          static_cast<int>(properties.sharedMemPerBlockOptin), capability_of(properties)};
}

struct Gpu {
  cudaDeviceProp properties{};
  std::string problem;
};

std::string describe(cudaError_t status) { return text(cudaGetErrorName(status)); }

Gpu find_gpu() {
  Gpu gpu;
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver) {
    gpu.problem = text("no CUDA driver answers here (", describe(status), ")");
  } else if (status != cudaSuccess) {
    gpu.problem = text("the CUDA runtime does not start (", describe(status), ": ", cudaGetErrorString(status), ")");
  } else if (count == 0) {
    gpu.problem = "the CUDA driver shows no GPU; CUDA_VISIBLE_DEVICES may hide it";
  } else if (cudaGetDeviceProperties(&gpu.properties, kGpu) != cudaSuccess) {
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

kernels::Precision choose_precision(const std::string& name, int capability) {
  const bool ampere = capability >= kAmpereCapability;
  if (name == "auto") return ampere ? kernels::Precision::kTf32 : kernels::Precision::kFloat32;
  if (name == "float32") return kernels::Precision::kFloat32;
  if (name != "tf32" && name != "bfloat16") {
    throw Error("precision_unsupported", text("there is no precision '", name, "'; it is 'auto', 'float32', 'tf32' or 'bfloat16'"));
  }
  if (!ampere) {
    throw Error("precision_unsupported", text("'", name, "' needs the compute capability 8.0 (Ampere), but the GPU has ", capability / 10, ".",
                                              capability % 10, "; use 'float32'"));
  }
  return name == "tf32" ? kernels::Precision::kTf32 : kernels::Precision::kBfloat16;
}

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(const Settings& settings) : settings_(settings) {}

  ~CudaDevice() override {
    // What is still queued must end before its memory goes.
    if (stream_) cudaStreamSynchronize(stream_->get());
  }

  void enter_thread() override {}

  void create_variable(int64_t id, size_t bytes) override { variables_[id].bytes = bytes; }

  void write_variable(int64_t id, const void* data) override {
    const DeviceMemory& memory = allocated(id);
    check(cudaMemcpyAsync(memory.data(), data, memory.bytes(), cudaMemcpyHostToDevice, stream().get()), "cudaMemcpyAsync");
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
    for (const int64_t variable : variables) allocated(variable);
    LoadedProgram loaded(std::move(program), variables, settings_);
    shared_.grow(static_cast<size_t>(loaded.program().arena_bytes), loaded.workspace_bytes(), stream());
    const size_t workspace_bytes = loaded.workspace_bytes();
    programs_.insert_or_assign(id, std::move(loaded));
    return workspace_bytes;
  }

  void unload(int64_t id) override {
    stream().synchronize();
    programs_.erase(id);
    if (programs_.empty()) shared_ = SharedMemory();
  }

  void run(const Call& call, std::vector<double>* step_ms) override {
    const auto expect_wanted = [this] {
      if (cancelled()) throw Error("cancelled", "the run was ended early because its device goes away");
    };
    expect_wanted();
    LoadedProgram& loaded = programs_.at(call.program);
    std::vector<char*> variables;
    for (const int64_t id : loaded.variables()) variables.push_back(allocated(id).data());
    loaded.copy_feeds(call.feeds, stream());
    if (settings_.synchronous || step_ms) {
      loaded.run_steps(shared_, variables, stream(), expect_wanted, step_ms);
    } else {
      loaded.replay(shared_, variables, stream());
    }
    if (loaded.answers(call.outputs)) loaded.copy_outputs(call.outputs, shared_, variables, stream());
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
  };

  /** Made with its first use, so that failures are errors of something that is awaited. */
  const Stream& stream() {
    if (!stream_) {
      check(cudaSetDevice(kGpu), "cudaSetDevice");
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

  Settings settings_;
  std::optional<Stream> stream_;
  std::optional<Event> clock_start_;
  std::map<int64_t, Variable> variables_;
  SharedMemory shared_;
  std::map<int64_t, LoadedProgram> programs_;
};

DeviceInfo info() {
  const Gpu gpu = find_gpu();
  if (!gpu.problem.empty()) return {kKind, "", {}, gpu.problem};
  const cudaDeviceProp& properties = gpu.properties;
  int driver = 0;
  cudaDriverGetVersion(&driver);
  return {kKind,
          properties.name,
          {{"compute capability", text(properties.major, ".", properties.minor)},
           {"driver", text(driver / 1000, ".", driver % 1000 / 10)},
           {"memory", text(properties.totalGlobalMem >> 20, " MiB")},
           {"multiprocessors", text(properties.multiProcessorCount)}},
          ""};
}

std::vector<std::string> supported_ops() {
  std::vector<std::string> ops;
  for (const auto& [name, factory] : kernel_table()) ops.emplace_back(name);
  return ops;
}

std::unique_ptr<Device> open(const DeviceOptions& options) {
  const cudaDeviceProp properties = find_gpu().properties;
  const kernels::Precision precision = choose_precision(options.precision, capability_of(properties));
  return std::make_unique<CudaDevice>(Settings{precision, limits_of(properties), environment_flag("GANNET_CUDA_SYNC"), kSimulated});
}

#if defined(GANNET_SIMT)
std::vector<PlannedLaunch> plan(const Program& program, const GpuDescription& gpu) {
  return plan_launches(program, choose_precision(gpu.precision, gpu.architecture),
                       {gpu.multiprocessors, gpu.shared_per_multiprocessor, gpu.shared_per_block, gpu.architecture});
}
#else
constexpr auto plan = nullptr;
#endif

}  // namespace

}  // namespace cuda

DeviceKind cuda_kind() { return {cuda::info, cuda::supported_ops, cuda::open, cuda::plan}; }

}  // namespace gannet

#if defined(GANNET_SIMT)
/** What the addon asks the simulator's library for. */
extern "C" __attribute__((visibility("default"))) gannet::DeviceKind gannet_simt_kind() { return gannet::cuda_kind(); }
#endif
