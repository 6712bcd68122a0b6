#include "cpu/cpu_device.h"
#include "device.h"
#include "error.h"

namespace gannet {

namespace {

DeviceInfo cuda_info() {
  return {"cuda", "", {}, "this build has no CUDA device; it was compiled without the CUDA toolkit. Use the device 'cpu'"};
}

const DeviceInfo& info_of(const std::vector<DeviceInfo>& devices, const std::string& kind) {
  for (const DeviceInfo& info : devices) {
    if (info.kind == kind) return info;
  }
  throw Error("device_unknown", text("no device is called '", kind, "'; the devices are 'cpu' and 'cuda'"));
}

}  // namespace

std::vector<DeviceInfo> list_devices() { return {cpu_info(), cuda_info()}; }

std::vector<std::string> supported_ops(const std::string& kind) {
  const std::vector<DeviceInfo> devices = list_devices();
  const DeviceInfo& info = info_of(devices, kind);
  return info.problem.empty() ? cpu_supported_ops() : std::vector<std::string>{};
}

std::unique_ptr<Device> open_device(const std::string& kind, int threads) {
  const std::vector<DeviceInfo> devices = list_devices();
  const DeviceInfo& info = info_of(devices, kind);
  if (!info.problem.empty()) throw Error("device_unavailable", text("device '", kind, "' is not available: ", info.problem));
  return open_cpu_device(threads);
}

}  // namespace gannet
