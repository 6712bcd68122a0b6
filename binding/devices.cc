#include "cpu/cpu_device.h"
#include "device.h"
#include "error.h"
#include "simulator.h"
#ifdef GANNET_CUDA
#include "cuda/cuda_device.h"
#endif

namespace gannet {

namespace {

#ifndef GANNET_CUDA
DeviceInfo missing_cuda() { return {"cuda", "", {}, "this build of the addon has no CUDA device"}; }

/** What stands for the device `cuda` in a build without it. */
DeviceKind cuda_kind() {
  return {missing_cuda, [] { return std::vector<std::string>(); }, nullptr};
}
#endif

std::vector<DeviceKind> kinds() { return {cpu_kind(), cuda_kind(), simulator_kind()}; }

const DeviceKind& kind_of(const std::vector<DeviceKind>& kinds, const std::string& name) {
  for (const DeviceKind& kind : kinds) {
    if (kind.info().kind == name) return kind;
  }
  throw Error("device_unknown", text("no device is called '", name, "'; the devices are 'cpu', 'cuda' and 'simt'"));
}

}  // namespace

void prepare_devices() { prepare_cpu(); }

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> devices;
  for (const DeviceKind& kind : kinds()) devices.push_back(kind.info());
  return devices;
}

std::vector<std::string> supported_ops(const std::string& kind) {
  const std::vector<DeviceKind> known = kinds();
  const DeviceKind& found = kind_of(known, kind);
  return found.info().problem.empty() ? found.supported_ops() : std::vector<std::string>{};
}

std::vector<std::vector<bool>> bfloat16_operands(const std::string& kind, const Program& program) {
  const std::vector<DeviceKind> known = kinds();
  const DeviceKind& found = kind_of(known, kind);
  if (found.bfloat16_operands) return found.bfloat16_operands(program);
  std::vector<std::vector<bool>> none;
  for (const Step& step : program.steps) none.emplace_back(step.inputs.size());
  return none;
}

std::vector<PlannedLaunch> plan_launches(const Program& program, const GpuDescription& gpu) {
  const DeviceKind simulator = simulator_kind();
  if (!simulator.plan) throw Error("device_unavailable", simulator.info().problem);
  return simulator.plan(program, gpu);
}

std::vector<char> communicator_id(const std::string& kind) {
  const std::vector<DeviceKind> known = kinds();
  const DeviceKind& found = kind_of(known, kind);
  if (found.communicator_id) return found.communicator_id();
  throw Error("device_unavailable", text("devices of the kind '", kind, "' have no sums over ranks of their own"));
}

std::unique_ptr<Device> open_device(const std::string& kind, const DeviceOptions& options) {
  const std::vector<DeviceKind> known = kinds();
  const DeviceKind& found = kind_of(known, kind);
  const std::string problem = found.info().problem;
  if (!problem.empty()) throw Error("device_unavailable", text("device '", kind, "' is not available: ", problem));
  return found.open(options);
}

}  // namespace gannet
