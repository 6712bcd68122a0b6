#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device.h"

namespace gannet {

DeviceInfo cpu_info();
std::vector<std::string> cpu_supported_ops();

/** `threads` 0 means as many as OpenMP would use. */
std::unique_ptr<Device> open_cpu_device(int threads);

}  // namespace gannet
