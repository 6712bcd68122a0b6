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

// Every launcher of the CUDA kernels: all that binding/ sees of this folder.
//
// Conventions
// - A launcher queues work on a stream and returns. It is given what it needs in one named struct: pointers into device memory
//   first, each with its shape, then sizes. Structs are aggregates, filled with designated initialisers.
// - Tensors are dense, row-major float32 (int32 for indices, labels and random state). Activations are NHWC, filters KRSC.
//   In precision kBfloat16 the large values between products may be bfloat16: arguments of type Element say which.
//   Every pointer is aligned for its elements; one from the arena is aligned to 64 bytes, a feed or variable to 256. A row inside
//   a tensor is aligned only as its length says.
// - Outputs never overlap inputs, unless a comment says `in place`.
// - Every element of an output is written; nothing else is.
// - A launcher that needs scratch memory declares `size_t <launcher>_workspace_bytes(const Args&)` beside it, and takes it as
//   `workspace` in its struct, aligned to 256 bytes. Its contents mean nothing between two launches.
// - Equal inputs give equal bits: no floating-point atomics, reductions in a fixed order.
// - Whoever calls has checked shapes: a broken contract is a mistake of the caller. A shape outside a contract that a user can bring
//   about is refused by a `const char* <launcher>_refusal(const Args&)`, null where the launcher takes it.
// - Failures of the runtime surface as LaunchError (launch.h), naming the kernel.
namespace gannet::kernels {

/** What a tensor's elements are in memory; kernels compute in float32. */
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

/** Finds the architecture that the loaded code was compiled for, as __CUDA_ARCH__ tells it to that code: 10 * major + minor; 0, with what
 *  the runtime says, where the addon has no code that the GPU can run. */
cudaError_t find_code(int& architecture);

// ------------------------------------------------------------------------------------------------------------- expressions

/** One step of an expression; kLeakyRelu, kElu and kConstant carry `value`. */
struct Instruction {
  Function function = Function::kConstant;
  int args[3] = {0, 0, 0};
  float value = 0;
};

/** An expression over elements and what it reads. Registers are numbered: first the operands, then one result per instruction; the
 *  last one is the value. No instructions: the first operand. */
struct Expression {
  const float* operands[kMaxOperands] = {};
  int sizes[kMaxOperands] = {};
  Access access[kMaxOperands] = {};
  /** kBfloat16 only of operands with access kFull. */
  Element elements[kMaxOperands] = {};
  int operand_count = 0;
  Instruction instructions[kMaxInstructions] = {};
  int instruction_count = 0;
};

// ------------------------------------------------------------------------------------------- elementwise and reductions

/** y[i] = expression at i; 1 <= total < 2^31. May run in place of operands that are read with access kFull and have the elements of y. */
struct ElementwiseArgs {
  void* y;  // (total)
  Expression expression;
  int total;
  Element result = Element::kFloat32;
};
void elementwise(const ElementwiseArgs& args, cudaStream_t stream);

enum class ReduceKind { kSum, kMax, kMoments };

/** Reductions over the middle axis of an expression over (outer, reduced, inner), whose product is below 2^31: `factor` times the sum
 *  of each register of `values`; the maximum of the expression's value; or its mean and biased variance. Sums are compensated: accurate
 *  to a few units in the last place of the sum of magnitudes. A maximum of anything and NaN is NaN. */
struct ReduceArgs {
  float* y;  // (results, outer, inner)   as many results as values; for moments the mean, then the variance
  Expression expression;
  ReduceKind kind;
  /** Of kSum; by default the expression's value alone. */
  int values[kMaxSums] = {};
  int value_count = 0;
  float factor = 1.0f;
  int outer, reduced, inner;
  void* workspace;
};
void reduce(const ReduceArgs& args, cudaStream_t stream);
size_t reduce_workspace_bytes(const ReduceArgs& args);

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
  /** Elements that one copy moves: of bfloat16 8; of float32 4 where every row of the operand holds a multiple of 4, else 1. */
  int vector_a, vector_b;
  /** Pairs of operand tiles that shared memory holds: 2 to 4, or 1 where copies are not asynchronous. */
  int stages;
  /** Parts of the reduction, summed afterwards in fixed order when there is more than one. */
  int splits;
  /** Steps along the reduction that each part takes: of 32 elements, or of 64 where A is bfloat16. */
  int steps_per_split;
  /** Blocks of the product's one grid: row_blocks * column_blocks * splits. */
  int row_blocks, column_blocks, blocks;
  int threads;
  int shared_bytes;
  /** Partial results of the parts, a multiple of 256; 0 with one part. */
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

/** What a product's operands are in memory, in the order of its arguments. */
struct OperandElements {
  Element first = Element::kFloat32, second = Element::kFloat32;
};

ProductConfig choose_convolution(ConvolutionPass pass, const ConvolutionShape& shape, Precision precision, const GpuLimits& gpu,
                                 OperandElements elements = {});
/** Why `pass` cannot run with this shape and these operands, or null where it can. bfloat16 is for precision kBfloat16, and read in
 *  eights: both operands, if both have rows of multiples of 8; or the gradient alone, if the other operand's rows are not, of the filter
 *  gradient and of the input gradient with up to 8 channels. */
const char* convolution_refusal(ConvolutionPass pass, const ConvolutionShape& shape, OperandElements elements = {});

/** What becomes of a product's sums on their way to memory: an expression over the elements of the result, of which operand `sums`,
 *  read with access kFull, is the product itself; that operand's address means nothing. The others may be the result's own memory
 *  where they are read in full. The default leaves the sums alone. */
struct Epilogue {
  Expression expression = {};
  int sums = 0;
  /** What the result is in memory. bfloat16, here and of operands, is for precision kBfloat16. */
  Element result = Element::kFloat32;
};

/** Whether products can end with this expression: those around activations are compiled (products/epilogue.cuh), no others. */
bool is_supported(const Epilogue& epilogue);

/** A reduction over the rows of a product's result, which the launches that write the result take along: over (1, rows, channels), of
 *  an expression whose operand `result`, read with access kFull, is the result itself; that operand's address means nothing. The columns
 *  of the product are a multiple of the channels. The reduction's workspace is not used. */
struct Statistics {
  ReduceArgs reduction;
  int result = 0;
};

/** Whether products with so many columns can take these statistics: moments of the result and the sums of batch norm's gradients with its
 *  activation are compiled (products/statistics.cuh), no others. Products of both operands transposed and filter gradients take none. */
bool is_supported(const Statistics& statistics, int columns);
/** What the launches before the last leave behind config.workspace_bytes in the workspace. */
size_t statistics_workspace_bytes(const Statistics& statistics, const ProductConfig& config, int columns);

/** One of the three products of a convolution, finished by the epilogue: y = x * w, dx = the transposed convolution of dy with w, or
 *  dw = the filter gradient of x and dy. */
struct Convolution {
  void* result;        // y (N, P, Q, K)   dx (N, H, W, C)   dw (K, R, S, C)
  const void* first;   // x (N, H, W, C)   dy (N, P, Q, K)   x (N, H, W, C)
  const void* second;  // w (K, R, S, C)   w (K, R, S, C)    dy (N, P, Q, K)
  float* workspace;    // config.workspace_bytes, and those of the statistics
  ConvolutionShape shape;
  ProductConfig config;  // of choose_convolution for this very pass, shape and elements
  Epilogue epilogue = {};
  /** Of a result without an epilogue; null takes none. */
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
/** Why there is no product with these operands, or null. bfloat16 is for precision kBfloat16, and for both operands, whose rows are
 *  multiples of 8. */
const char* matmul_refusal(const MatmulShape& shape, OperandElements elements);

/** c = a b, finished by the epilogue. */
struct Matmul {
  void* c;           // (rows, columns)
  const void* a;     // (rows, reduction), or (reduction, rows) if transpose_a
  const void* b;     // (reduction, columns), or (columns, reduction) if transpose_b
  float* workspace;  // config.workspace_bytes, and those of the statistics
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

/** One axis of a copy: index i of the target lies i * target elements on, and reads index i - before of the source, if that is
 *  from 0 to extent - 1, otherwise 0. Strides count elements; a source stride of 0 repeats. */
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

// Copies by what the ops say. `x` and `y` are dense tensors of these shapes, but for concat_copy, which writes its part of y.
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

/** A window of r x s moving over images of h x w with c channels; p x q positions; r * s * c fits an int, and so does n * h * w * c. */
struct PoolGeometry {
  int n, h, w, c, p, q, r, s;
  int stride_h, stride_w, top, left;
};

/** x (n, h, w, c) -> y (n, p, q, c): the maximum of each window; NaN is the greatest. */
struct MaxPoolArgs {
  float* y;
  const float* x;
  PoolGeometry geometry;
};
void max_pool(const MaxPoolArgs& args, cudaStream_t stream);

/** x (n, h, w, c), dy (n, p, q, c) -> dx (n, h, w, c): each window's gradient goes to its first maximum. */
struct MaxPoolGradientArgs {
  float* dx;
  const float* x;
  const float* dy;
  PoolGeometry geometry;
};
void max_pool_gradient(const MaxPoolGradientArgs& args, cudaStream_t stream);

/** x, values (n, h, w, c) -> y (n, p, q, c): `values` at each window's first maximum of x. */
struct MaxPoolGatherArgs {
  float* y;
  const float* x;
  const float* values;
  PoolGeometry geometry;
};
void max_pool_gather(const MaxPoolGatherArgs& args, cudaStream_t stream);

/** x (n, h, w, c) -> y (n, p, q, c): the mean of each window, padding not counted. */
struct AveragePoolArgs {
  float* y;
  const float* x;
  PoolGeometry geometry;
};
void average_pool(const AveragePoolArgs& args, cudaStream_t stream);

/** dy (n, p, q, c) -> dx (n, h, w, c). */
struct AveragePoolGradientArgs {
  float* dx;
  const float* dy;
  PoolGeometry geometry;
};
void average_pool_gradient(const AveragePoolGradientArgs& args, cudaStream_t stream);

/** The first index out of range that any lookup met since `found` was 0. */
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

/** Lower triangular l with l l^T = a, of which the lower triangle is read; n * n below 2^31. A pivot that is not above 1e-5 of its
 *  diagonal element leaves a column of zeros. */
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
