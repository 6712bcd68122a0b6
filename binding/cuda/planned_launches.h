#pragma once

#include <vector>

#include "device.h"

#include "cuda/kernel.h"

namespace gannet::cuda {

#if defined(GANNET_SIMT)
/** The launches that a program's steps lead to on a GPU with these limits, found by asking the launchers themselves with the
 *  simulator noting instead of running. @throws Error `op_unsupported`, `shape_unsupported` */
std::vector<PlannedLaunch> plan_launches(const Program& program, kernels::Precision precision, const kernels::GpuLimits& gpu);
#endif

}  // namespace gannet::cuda
