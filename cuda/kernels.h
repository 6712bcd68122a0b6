#pragma once

#include <cstddef>
#include <cstdint>

#if defined(GANNET_SIMT)
#include "simt/cuda_runtime.h"
#else
#include <cuda_runtime_api.h>
#endif

// Every launcher of the CUDA kernels: all that binding/ sees of this folder.
//
// Conventions
// - A launcher queues work on a stream and returns. It is given what it needs in one named struct: pointers into device memory
//   first, each with its shape, then sizes. Structs are aggregates, filled with designated initialisers.
// - Tensors are dense, row-major float32 (int32 for indices, labels and random state). Activations are NHWC, filters KRSC.
//   Every pointer is aligned for its elements; one from the arena is aligned to 64 bytes, a feed or variable to 256. A row inside
//   a tensor is aligned only as its length says.
// - Outputs never overlap inputs, unless a comment says `in place`.
// - Every element of an output is written; nothing else is.
// - A launcher that needs scratch memory declares `size_t <launcher>_workspace_bytes(const Args&)` beside it, and takes it as
//   `workspace` in its struct, aligned to 256 bytes. Its contents mean nothing between two launches.
// - Equal inputs give equal bits: no floating-point atomics, reductions in a fixed order.
// - Contracts are asserted, not reported: whoever calls has checked shapes. A shape outside a contract that a user can bring about
//   is refused by a `const char* <launcher>_refusal(const Args&)`, null where the launcher takes it.
// - Failures of the runtime surface as LaunchError (launch.h), naming the kernel.
namespace gannet::kernels {

/** How products of matrices and convolutions multiply. Sums are float32 in every mode, and so are values in memory. */
enum class Precision {
  /** Exact float32 products. */
  kFloat32,
  /** Operands rounded to 10 mantissa bits on their way into the tensor cores. */
  kTf32,
  /** Operands rounded to bfloat16. */
  kBfloat16,
};

// ---------------------------------------------------------------------------------------------------------------- products

// ------------------------------------------------------------------------------------------- elementwise and reductions

// ----------------------------------------------------------------------------------------------------------- normalisation

// --------------------------------------------------------------------------------------- movement, pooling, lookup, random

// -------------------------------------------------------------------------------------------------------------- optimisers

}  // namespace gannet::kernels
