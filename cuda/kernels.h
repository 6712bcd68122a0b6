#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#if defined(GANNET_SIMT)
#include "simt/cuda_runtime.h"
#else
#include <cuda_runtime_api.h>
#endif

#include "expressions/functions.h"

// Every launcher of the CUDA kernels. This is all that binding/ sees of this folder.
//
// Conventions
// - A launcher queues work on a stream and returns. Its arguments are one struct: pointers into device memory first, each with its shape,
//   then sizes. Structs are aggregates, filled with designated initialisers.
// - Tensors are dense, row-major float32 (int32 for indices, labels and random state). Activations are NHWC, filters KRSC.
//   In precision kBfloat16 large values between kernels may be bfloat16; arguments of type Element tell which.
//   Every pointer is aligned for its elements. One into the arena is aligned to 64 bytes, a feed or variable to 256. How a row inside a
//   tensor is aligned follows from the length of rows.
// - Outputs never overlap inputs, unless a comment says `in place`.
// - Every element of an output is written, and nothing else.
// - A launcher that needs scratch memory declares `size_t <launcher>_workspace_bytes(const Args&)` beside it, and takes the memory as
//   `workspace` in its struct, aligned to 256 bytes. Its contents mean nothing between two launches.
// - Equal inputs give equal bits: no floating-point atomics, reductions in a fixed order.
// - The caller has checked shapes. A shape that a launcher cannot take although a user may ask for it is refused by
//   `const char* <launcher>_refusal(const Args&)`, which is null where the launcher takes it.
// - Failures of the runtime are thrown as LaunchError (launch/launch_error.h), which names the kernel.
namespace gannet::kernels {

/** The type of a tensor's elements in memory. Kernels compute in float32. */
enum class Element : uint8_t { kFloat32, kBfloat16 };

/** How products of matrices and convolutions multiply. Sums are float32 in every mode. */
enum class Precision {
  /** Exact float32 products. */
  kFloat32,
  /** Operands rounded to 10 mantissa bits on their way into the tensor cores. */
  kTf32,
  /** Operands rounded to bfloat16. */
  kBfloat16,
};

/** Finds the architecture that the loaded code was compiled for, 10 * major + minor. If the addon has no code that the GPU can run, that is
 *  0, and the result is the runtime's error. */
cudaError_t find_code(int& architecture);

// ------------------------------------------------------------------------------------------------------------- expressions

/** One instruction of an expression. kLeakyRelu, kElu and kConstant carry a number, `value`. */
struct Instruction {
  Function function = Function::kConstant;
  int args[3] = {0, 0, 0};
  float value = 0;
};

/** An expression over elements, and the operands that it reads. Registers have numbers: first the operands, then the result of each
 *  instruction. The last one is the expression's value; without instructions it is the first operand. */
struct Expression {
  const float* operands[kMaxOperands] = {};
  int sizes[kMaxOperands] = {};
  Access access[kMaxOperands] = {};
  /** Only operands with access kFull may be kBfloat16. */
  Element elements[kMaxOperands] = {};
  int operand_count = 0;
  Instruction instructions[kMaxInstructions] = {};
  int instruction_count = 0;
};

// ------------------------------------------------------------------------------------------- elementwise and reductions

/** y[i] = expression at i; 1 <= total < 2^31. In place: y may be an operand with access kFull and the same type of elements. */
struct ElementwiseArgs {
  void* y;  // (total)
  Expression expression;
  int total;
  Element result = Element::kFloat32;
};
void elementwise(const ElementwiseArgs& args, cudaStream_t stream);

enum class ReduceKind { kSum, kMax, kMoments };

/** Reduces the middle axis of an expression over (outer, reduced, inner), which has fewer than 2^31 elements. A kSum is `factor` times the
 *  sum of each register in `values`, kMax the maximum of the expression's value, kMoments its mean and biased variance. Sums are
 *  compensated: their error is a few units in the last place of the sum of magnitudes. The maximum of NaN and anything is NaN. */
struct ReduceArgs {
  float* y;  // (results, outer, inner)   one result for each value; for moments the mean, then the variance
  Expression expression;
  ReduceKind kind;
  /** For kSum; by default the expression's value alone. */
  int values[kMaxSums] = {};
  int value_count = 0;
  float factor = 1.0f;
  int outer, reduced, inner;
  void* workspace;
};
void reduce(const ReduceArgs& args, cudaStream_t stream);
size_t reduce_workspace_bytes(const ReduceArgs& args);

// ---------------------------------------------------------------------------------------------------------------- products

/** The limits of a GPU that decide how a product runs. */
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

/** How a product runs. It is chosen from shapes and the GPU's limits alone, and the launcher does what it says. */
struct ProductConfig {
  ProductTile tile;
  Precision precision;
  /** Elements that one copy moves: 8 of bfloat16; 4 of float32 if the operand's rows are multiples of 4, else 1. */
  int vector_a, vector_b;
  /** Pairs of operand tiles in shared memory: 2 to 4, or 1 on GPUs without asynchronous copies. */
  int stages;
  /** Splits of the reduction. If there are several, each writes partial sums, which are added afterwards in fixed order. */
  int splits;
  /** Steps along the reduction that each split takes: of 32 elements, or of 64 if A is bfloat16. */
  int steps_per_split;
  /** Blocks of the product's one grid: row_blocks * column_blocks * splits. */
  int row_blocks, column_blocks, blocks;
  int threads;
  int shared_bytes;
  /** Bytes of the partial sums, a multiple of 256; 0 with one split. */
  size_t workspace_bytes;
};

/** One line: "128x64 tf32 vector 4/4 stages 3 splits 1 blocks 512 (256x2) threads 256 shared 73 KiB workspace 0 KiB". */
std::string describe(const ProductConfig& config);

/** x [N,H,W,C] cross-correlated with w [K,R,S,C] gives y [N,P,Q,K]. `top` and `left` are the zeros before the image; behind its end there
 *  are zeros too. R, S >= 1, strides >= 1, every tensor below 2^31 elements. The input gradient takes strides of 1 and 2 only. */
struct ConvolutionShape {
  int n, h, w, c;
  int k, r, s;
  int p, q;
  int stride_h, stride_w;
  int top, left;
};

enum class ConvolutionPass { kForward, kInputGradient, kFilterGradient };

/** The types of a product's operands in memory, in the order of its arguments. */
struct OperandElements {
  Element first = Element::kFloat32, second = Element::kFloat32;
};

ProductConfig choose_convolution(ConvolutionPass pass, const ConvolutionShape& shape, Precision precision, const GpuLimits& gpu,
                                 OperandElements elements = {});
/** Why `pass` cannot run with this shape and these operands, or null where it can. Operands in bfloat16 are for precision kBfloat16. They
 *  are read eight elements at a time, so their rows must be multiples of 8. Kernels take both operands in bfloat16. The filter gradient,
 *  and the input gradient with up to 8 channels, also take dy alone in bfloat16. */
const char* convolution_refusal(ConvolutionPass pass, const ConvolutionShape& shape, OperandElements elements = {});

/** The epilogue of a product: an expression that is applied to its sums before they reach memory. Operand `sums` of the expression is the
 *  product itself. It has access kFull, and its address is not used. Other operands with access kFull may lie in the result's own memory.
 *  By default there is no expression, and the sums are written as they are. */
struct Epilogue {
  Expression expression = {};
  int sums = 0;
  /** The type of the result in memory. bfloat16, here and for operands, is for precision kBfloat16. */
  Element result = Element::kFloat32;
};

/** Whether products can apply this expression: only those of `Epilogues` are compiled (products/epilogue.cuh). */
bool is_supported(const Epilogue& epilogue);

/** The other kind of epilogue: statistics that the launches which write the result compute as well. They are a reduction over (1, rows,
 *  channels) of an expression. Operand `result` of the expression is the product's result. It has access kFull, and its address is not
 *  used. The columns of the product are a multiple of the channels. The reduction's own workspace is not used. */
struct Statistics {
  ReduceArgs reduction;
  int result = 0;
};

/** Whether products with so many columns can take these statistics: only those of `TakenStatistics` are compiled (products/statistics.cuh).
 *  Filter gradients and products with a transposed first operand take none. */
bool is_supported(const Statistics& statistics, int columns);
/** Bytes of the workspace that the partial statistics take, behind config.workspace_bytes. */
size_t statistics_workspace_bytes(const Statistics& statistics, const ProductConfig& config, int columns);

/** One of the three products of a convolution, with its epilogue: y = x * w, dx = the transposed convolution of dy with w, or dw = the
 *  filter gradient of x and dy. */
struct Convolution {
  void* result;        // y (N, P, Q, K)   dx (N, H, W, C)   dw (K, R, S, C)
  const void* first;   // x (N, H, W, C)   dy (N, P, Q, K)   x (N, H, W, C)
  const void* second;  // w (K, R, S, C)   w (K, R, S, C)    dy (N, P, Q, K)
  float* workspace;    // config.workspace_bytes, and those of the statistics
  ConvolutionShape shape;
  ProductConfig config;  // from choose_convolution, for this pass, shape and elements
  Epilogue epilogue = {};
  /** Only without an expression in the epilogue; null for none. */
  const Statistics* statistics = nullptr;
};
void conv2d_forward(const Convolution& args, cudaStream_t stream);
void conv2d_input_gradient(const Convolution& args, cudaStream_t stream);
void conv2d_filter_gradient(const Convolution& args, cudaStream_t stream);

/** [rows, reduction] times [reduction, columns]; an operand that is transposed lies in memory with its axes exchanged. */
struct MatmulShape {
  int rows, columns, reduction;
  bool transpose_a, transpose_b;
};
ProductConfig choose_matmul(const MatmulShape& shape, Precision precision, const GpuLimits& gpu, OperandElements elements = {});
/** Why there is no product with these operands, or null. bfloat16 is for precision kBfloat16, and for both operands at once; their rows
 *  must be multiples of 8. */
const char* matmul_refusal(const MatmulShape& shape, OperandElements elements);

/** result = first times second, with its epilogue. */
struct Matmul {
  void* result;        // (rows, columns)
  const void* first;   // (rows, reduction), or (reduction, rows) if transpose_a
  const void* second;  // (reduction, columns), or (columns, reduction) if transpose_b
  float* workspace;    // config.workspace_bytes, and those of the statistics
  MatmulShape shape;
  ProductConfig config;
  Epilogue epilogue = {};
  const Statistics* statistics = nullptr;
};
void matmul(const Matmul& args, cudaStream_t stream);

// --------------------------------------------------------------------------------------- movement, pooling, lookup, random

/** Every element of y becomes `bits`: a float's, or a whole number. */
struct FillArgs {
  uint32_t* y;  // (total)
  uint32_t bits;
  int total;
};
void fill(const FillArgs& args, cudaStream_t stream);

inline constexpr int kMaxCopyAxes = 8;

/** One axis of a copy. Index i of the target, at i * target elements, receives index j = i - before of the source, at j * source elements,
 *  or zero if j is not from 0 to extent - 1. A source stride of 0 repeats one element. */
struct CopyAxis {
  int size;
  int target, source;
  int before = 0;
  /** 0 stands for `size`: nothing is padded. */
  int extent = 0;
};

/** Copies elements of four bytes between two strided views; outermost axis first. Broadcast, transpose, slice, pad, each input of a
 *  concat, nearest upsampling, reshape and assign are such copies: see the functions below. */
struct CopyArgs {
  uint32_t* y;
  const uint32_t* x;
  CopyAxis axes[kMaxCopyAxes];
  int axis_count;
};
void copy(const CopyArgs& args, cudaStream_t stream);

/** A shape, or a list with one number per axis. */
struct Axes {
  int values[kMaxCopyAxes] = {};
  int count = 0;
};

// The copies that ops are. `x` and `y` are dense tensors of these shapes; only concat_copy writes a part of y alone.
CopyArgs contiguous_copy(uint32_t* y, const uint32_t* x, int total);
/** x has the axes of `shape` that `repeated` does not name with a 1. */
CopyArgs broadcast_copy(uint32_t* y, const uint32_t* x, const Axes& shape, const Axes& repeated);
CopyArgs transpose_copy(uint32_t* y, const uint32_t* x, const Axes& x_shape, const Axes& permutation);
CopyArgs slice_copy(uint32_t* y, const uint32_t* x, const Axes& x_shape, const Axes& begin, const Axes& size);
CopyArgs pad_copy(uint32_t* y, const uint32_t* x, const Axes& x_shape, const Axes& before, const Axes& after);
/** x goes to [offset, offset + its length) along `axis` of y. */
CopyArgs concat_copy(uint32_t* y, const uint32_t* x, const Axes& y_shape, const Axes& x_shape, int axis, int offset);
/** x (n, h, w, c) -> y (n, h * scale, w * scale, c). */
CopyArgs upsample_copy(uint32_t* y, const uint32_t* x, int n, int h, int w, int c, int scale);

/** A window of r x s that moves over n images of h x w with c channels, to p x q positions. r s c and n h w c fit an int. */
struct PoolGeometry {
  int n, h, w, c, p, q, r, s;
  int stride_h, stride_w, top, left;
};

/** What a pooling reads and writes. Images are (n, h, w, c), pooled images (n, p, q, c). */
struct PoolArgs {
  float* result;
  const float* first;
  /** Null where there is one operand alone. */
  const float* second;
  PoolGeometry geometry;
};
/** Image x -> pooled y: the maximum of each window; NaN is the greatest. */
void max_pool(const PoolArgs& args, cudaStream_t stream);
/** Image x, pooled dy -> image dx: the gradient of each window goes to its first maximum. */
void max_pool_gradient(const PoolArgs& args, cudaStream_t stream);
/** Images x and values -> pooled y: `values` at the first maximum of x in each window. */
void max_pool_gather(const PoolArgs& args, cudaStream_t stream);
/** Image x -> pooled y: the mean of each window; padding is not counted. */
void average_pool(const PoolArgs& args, cudaStream_t stream);
/** Pooled dy -> image dx. */
void average_pool_gradient(const PoolArgs& args, cudaStream_t stream);

/** The first index out of range that a lookup has met. `found` is 0 until then. */
struct IndexError {
  int found;
  /** Which lookup: the `step` of its arguments. */
  int step;
  int position, value, rows;
};

/** y[i] = row indices[i] of the table. An index out of range gives zeros and an error. */
struct GatherArgs {
  float* y;            // (count, width)
  const float* table;  // (rows, width)
  const int* indices;  // (count)
  int count, rows, width;
  IndexError* error;
  int step;
};
void gather(const GatherArgs& args, cudaStream_t stream);

/** Row v of y = the sum of the rows i of dy with indices[i] = v, in the order of i. */
struct ScatterAddArgs {
  float* y;            // (rows, width)
  const int* indices;  // (count)
  const float* dy;     // (count, width)
  int count, rows, width;
  IndexError* error;
  int step;
};
void scatter_add(const ScatterAddArgs& args, cudaStream_t stream);

/** Row indices[i] of y = row i of `from`, in the order of i; y keeps its other rows. */
struct AssignRowsArgs {
  uint32_t* y;           // (rows, width)
  const int* indices;    // (count)
  const uint32_t* from;  // (count, width)
  int count, rows, width;
  IndexError* error;
  int step;
};
void assign_rows(const AssignRowsArgs& args, cudaStream_t stream);

/** y[i] = the whole part of x[i], as far as int goes; 0 for NaN. */
struct TruncateArgs {
  int* y;          // (total)
  const float* x;  // (total)
  int total;
};
void truncate(const TruncateArgs& args, cudaStream_t stream);

/** y[i][j] = 1 where j = indices[i], else 0. */
struct OneHotArgs {
  float* y;            // (count, depth)
  const int* indices;  // (count)
  int count, depth;
  IndexError* error;
  int step;
};
void one_hot(const OneHotArgs& args, cudaStream_t stream);

/** Philox4x32-10: element i comes from word i mod 4 of counter (i / 4, step, 0, 0) under key (seed, stream).
 *  Uniform: low + u * span, u in [0, 1), the same bits on every device. Normal: Box-Muller on words 0, 1 and on words 2, 3. */
struct RandomArgs {
  float* y;               // (total)
  const uint32_t* state;  // (2)   seed, step
  uint32_t stream;
  /** Uniform: low and span. Normal: mean and deviation. */
  float offset, scale;
  int total;
};
void random_uniform(const RandomArgs& args, cudaStream_t stream);
void random_normal(const RandomArgs& args, cudaStream_t stream);

/** Step + 1, modulo 2^32. */
struct AdvanceRandomArgs {
  uint32_t* state;  // (2)   in place
};
void advance_random(const AdvanceRandomArgs& args, cudaStream_t stream);

/** The lower triangular l with l l^T = a. Only the lower triangle of a is read; n * n is below 2^31. A pivot that is not above 1e-5 of its
 *  diagonal element gives a column of zeros. */
struct CholeskyArgs {
  float* l;        // (n, n)
  const float* a;  // (n, n)
  int n;
};
void cholesky(const CholeskyArgs& args, cudaStream_t stream);

/** o_ib = sum over the images j of exp(-||m_ib - m_jb||_1); all sizes positive, the tensors below 2^31 elements. */
struct BatchSimilarityArgs {
  float* o;        // (images, features)
  const float* m;  // (images, features, dimensions)
  int images, features, dimensions;
};
void batch_similarity(const BatchSimilarityArgs& args, cudaStream_t stream);

/** dm_ibc = -sum over j of (dy_ib + dy_jb) exp(-||m_ib - m_jb||_1) sign(m_ibc - m_jbc). */
struct BatchSimilarityGradientArgs {
  float* dm;        // (images, features, dimensions)
  const float* m;   // (images, features, dimensions)
  const float* dy;  // (images, features)
  int images, features, dimensions;
};
void batch_similarity_gradient(const BatchSimilarityGradientArgs& args, cudaStream_t stream);

// -------------------------------------------------------------------------------------------------------------- optimisers

enum class Optimizer { kSgd, kMomentum, kAdagrad, kAdadelta, kRmsprop, kAdam };

/** One tensor of weights with its slots, in place. Slots: none for sgd; velocity; sum of squares (adagrad); mean of squares and of
 *  squared updates (adadelta); mean of squares (rmsprop); first and second moment (adam). */
struct OptimizerTensor {
  float* w;               // (count)
  float* slots[2];        // (count) each
  const float* gradient;  // (count)
  int count;
  /** Receives the new weights as bfloat16 as well, unless it is null. */
  void* copy = nullptr;  // (count)
};

inline constexpr int kMaxOptimizerTensors = 32;

/** One update of up to kMaxOptimizerTensors tensors in one launch. w is clipped to [-clip, clip] afterwards. */
struct OptimizerArgs {
  Optimizer optimizer;
  OptimizerTensor tensors[kMaxOptimizerTensors];
  int tensor_count;
  const float* learning_rate;  // (1)
  const float* step;           // (1)   adam's count of updates, this one included
  /** decay is also momentum's momentum; beta1 and beta2 are adam's. */
  double decay, beta1, beta2;
  float epsilon, clip;
};
void optimizer_update(const OptimizerArgs& args, cudaStream_t stream);

}  // namespace gannet::kernels
