#pragma once

#include "device.h"

namespace gannet {

/** The device `cuda`, or `simt` where it is compiled against the simulator: one GPU, one stream. */
DeviceKind cuda_kind();

}  // namespace gannet
