#pragma once

#include "device.h"

namespace gannet {

/** The device `cpu`: the processor, with oneDNN. */
DeviceKind cpu_kind();

}  // namespace gannet
