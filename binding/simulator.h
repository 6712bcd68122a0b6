#pragma once

#include "device.h"

namespace gannet {

/** The device `simt`: the CUDA kernels on a simulator, in a library of its own beside the addon, since it is for tests and has
 *  the same kernels, by the same names, as the device `cuda`. */
DeviceKind simulator_kind();

}  // namespace gannet
