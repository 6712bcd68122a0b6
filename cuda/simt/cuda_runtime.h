#pragma once

// Stands in for CUDA's <cuda_runtime.h> when kernels and their launchers are compiled as C++: the qualifiers, the vector types,
// the device functions and the part of the runtime API that gannet uses, all under CUDA's own names.

#include "device_functions.h"
#include "runtime_api.h"
#include "vector_types.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.

// Kernels keep default visibility, so that their names can be found from their addresses.
#define __global__ __attribute__((visibility("default"), noinline, no_icf))
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) alignas(bytes)
#define __launch_bounds__(...)
#define __grid_constant__

// Macros, because each thread of a kernel has its own: the functions read the fiber that runs.
#define threadIdx (::gannet::simt::thread_index())
#define blockIdx (::gannet::simt::block_index())
#define blockDim (::gannet::simt::block_extent())
#define gridDim (::gannet::simt::grid_extent())

// NOLINTEND(bugprone-reserved-identifier)
