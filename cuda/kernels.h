#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

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

/** What a configuration must know of the GPU. */
struct GpuLimits {
  int multiprocessors;
  /** Shared memory of one multiprocessor, and the most that one block may ask for, in bytes. */
  int shared_bytes_per_multiprocessor;
  int shared_bytes_per_block;
  /** 10 * major + minor of the compute capability. */
  int architecture;
};

/** Rows and columns of the result that one block computes. */
enum class ProductTile { k128x128, k128x64, k64x64, k128x8 };

/** How a product runs: chosen on the host from shapes alone, printable, and all that its launcher obeys. */
struct ProductConfig {
  ProductTile tile;
  Precision precision;
  /** Elements that one copy moves: 4 where every row of the operand holds a multiple of 4, else 1. */
  int vector_a, vector_b;
  /** Tiles of the operands in flight. */
  int stages;
  /** Parts of the reduction, summed afterwards in fixed order when there is more than one. */
  int splits;
  /** Steps of 32 along the reduction that each part takes. */
  int steps_per_split;
  /** Blocks of the product's one grid: row_blocks * column_blocks * splits. */
  int row_blocks, column_blocks, blocks;
  int threads;
  int shared_bytes;
  /** Partial results of the parts; 0 with one part. */
  size_t workspace_bytes;
};

/** One line: "128x64 tf32 vector 4/4 stages 3 splits 1 blocks 512 (256x2) threads 256 shared 73 KiB workspace 0 KiB". */
std::string describe(const ProductConfig& config);

/** x [N,H,W,C] cross-correlated with w [K,R,S,C] gives y [N,P,Q,K]. `top` and `left` are the zeros before the image; what lies
 *  beyond its end reads as zero too. R, S >= 1, strides >= 1, every tensor below 2^31 elements. The input gradient takes strides
 *  of 1 and 2 only. */
struct ConvolutionShape {
  int n, h, w, c;
  int k, r, s;
  int p, q;
  int stride_h, stride_w;
  int top, left;
};

enum class ConvolutionPass { kForward, kInputGradient, kFilterGradient };

ProductConfig choose_convolution(ConvolutionPass pass, const ConvolutionShape& shape, Precision precision, const GpuLimits& gpu);
/** Why `pass` cannot run with this shape, or null where it can. */
const char* convolution_refusal(ConvolutionPass pass, const ConvolutionShape& shape);

enum class Activation { kNone, kRelu, kLeakyRelu, kTanh };

/** What happens to a finished sum: f(sum + bias). The default leaves it alone. */
struct Epilogue {
  /** One per column of the result (its channels), or null. */
  const float* bias = nullptr;
  Activation activation = Activation::kNone;
  /** Slope of kLeakyRelu. */
  float slope = 0.f;
};

/** y = f(x * w + bias). */
struct ConvolutionForward {
  float* y;          // (N, P, Q, K)
  const float* x;    // (N, H, W, C)
  const float* w;    // (K, R, S, C)
  float* workspace;  // config.workspace_bytes
  ConvolutionShape shape;
  ProductConfig config;  // of choose_convolution for this very shape
  Epilogue epilogue = {};
};
void conv2d_forward(const ConvolutionForward& args, cudaStream_t stream);

/** dx = f(transposed convolution of dy with w, + bias). */
struct ConvolutionInputGradient {
  float* dx;         // (N, H, W, C)
  const float* dy;   // (N, P, Q, K)
  const float* w;    // (K, R, S, C)
  float* workspace;  // config.workspace_bytes
  ConvolutionShape shape;
  ProductConfig config;
  Epilogue epilogue = {};
};
void conv2d_input_gradient(const ConvolutionInputGradient& args, cudaStream_t stream);

struct ConvolutionFilterGradient {
  float* dw;         // (K, R, S, C)
  const float* x;    // (N, H, W, C)
  const float* dy;   // (N, P, Q, K)
  float* workspace;  // config.workspace_bytes
  ConvolutionShape shape;
  ProductConfig config;
};
void conv2d_filter_gradient(const ConvolutionFilterGradient& args, cudaStream_t stream);

/** [rows, reduction] times [reduction, columns]; an operand that is transposed lies in memory with its axes exchanged. */
struct MatmulShape {
  int rows, columns, reduction;
  bool transpose_a, transpose_b;
};
ProductConfig choose_matmul(const MatmulShape& shape, Precision precision, const GpuLimits& gpu);

/** c = f(a b + bias). */
struct Matmul {
  float* c;          // (rows, columns)
  const float* a;    // (rows, reduction), or (reduction, rows) if transpose_a
  const float* b;    // (reduction, columns), or (columns, reduction) if transpose_b
  float* workspace;  // config.workspace_bytes
  MatmulShape shape;
  ProductConfig config;
  Epilogue epilogue = {};
};
void matmul(const Matmul& args, cudaStream_t stream);

// ------------------------------------------------------------------------------------------- elementwise and reductions

// ----------------------------------------------------------------------------------------------------------- normalisation

// --------------------------------------------------------------------------------------- movement, pooling, lookup, random

// -------------------------------------------------------------------------------------------------------------- optimisers

}  // namespace gannet::kernels
