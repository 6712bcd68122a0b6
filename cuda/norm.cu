#include <algorithm>

#include "launch.h"
#include "moments.h"
#include "operand.h"

// Batch and layer normalisation and their gradients (arXiv:1502.03167, arXiv:1607.06450), in three launches: the moments of pieces of
// each channel or sample, of both x and dy in one pass over memory; the statistics, from the pieces; and the result, as an elementwise
// expression. In both, elements are (outer, reduced, inner): batch norm has (1, N*H*W, C), layer norm (N, H*W*C, 1).
//
// Workspace: statistics (kStatistics, outer * inner), each row a multiple of 16 bytes; then pieces (outer, splits, fields, inner).
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
/** Blocks that keep a large device busy: about four for each of its processors. */
constexpr unsigned kWantedBlocks = 512;
/** A split is worth a block of its own if each thread has this many groups of four elements. */
constexpr unsigned kGroupsPerThread = 4;
constexpr unsigned kMostLanes = 32;
/** Columns and rows of threads that combine the pieces. */
constexpr unsigned kCombineColumns = 8, kCombineThreads = 256;

/** What the result is computed from, one row each. */
enum Statistic { kMean, kRstd, kGradientMean, kProductMean, kScale, kStatistics };

}  // namespace

/** A tree over the rows of (row, field, column) in shared memory; row 0 receives the result. */
template <bool kGradient>
__device__ __forceinline__ void combine_rows(float* scratch, unsigned rows, unsigned columns) {
  const unsigned row_floats = Moments<kGradient>::kFields * columns;
  __syncthreads();
  for (unsigned half = rows / 2; half > 0; half /= 2) {
    for (unsigned i = threadIdx.x; i < half * columns; i += blockDim.x) {
      float* at = scratch + i / columns * row_floats + i % columns;
      auto total = Moments<kGradient>::load(at, columns);
      total.combine(Moments<kGradient>::load(at + half * row_floats, columns));
      total.store(at, columns);
    }
    __syncthreads();
  }
}

/** One piece of 4 * lanes channels: `lanes` threads side by side, blockDim / lanes rows at a time. Grid: (tiles of channels, splits). */
template <bool kGradient>
__global__ void channel_moments_kernel(float* __restrict__ pieces,    // (splits, fields, channels)
                                       const float* __restrict__ x,   // (rows, channels)
                                       const float* __restrict__ dy,  // (rows, channels)   gradients only
                                       unsigned rows, unsigned channels, unsigned piece, unsigned lanes, bool aligned) {
  using Value = Moments<kGradient>;
  float* scratch = shared_memory<float>();
  const unsigned lane = threadIdx.x % lanes, thread_row = threadIdx.x / lanes, thread_rows = blockDim.x / lanes;
  const unsigned tile = blockIdx.x * 4 * lanes, channel = tile + 4 * lane;
  const unsigned last = min(rows, (blockIdx.y + 1) * piece);
  Value values[4];
  if (channel < channels) {
    const int valid = min(4u, channels - channel);
    float count = 0.0f;
#pragma unroll 4
    for (unsigned row = blockIdx.y * piece + thread_row; row < last; row += thread_rows) {
      const unsigned at = row * channels + channel;
      const float4 a = load_vector(x, at, valid, aligned);
      const float4 g = kGradient ? load_vector(dy, at, valid, aligned) : a;
      count += 1.0f;
      const float inverse = 1.0f / count;
      values[0].add(a.x, g.x, count, inverse);
      values[1].add(a.y, g.y, count, inverse);
      values[2].add(a.z, g.z, count, inverse);
      values[3].add(a.w, g.w, count, inverse);
    }
  }
  const unsigned columns = 4 * lanes;
#pragma unroll
  for (int j = 0; j < 4; j++) values[j].store(scratch + thread_row * Value::kFields * columns + 4 * lane + j, columns);
  combine_rows<kGradient>(scratch, thread_rows, columns);
  for (unsigned i = threadIdx.x; i < min(columns, channels - tile); i += blockDim.x) {
    Value::load(scratch + i, columns).store(pieces + blockIdx.y * Value::kFields * channels + tile + i, channels);
  }
}

/** One piece of one sample. Grid: (samples, splits). */
template <bool kGradient>
__global__ void sample_moments_kernel(float* __restrict__ pieces,    // (samples, splits, fields)
                                      const float* __restrict__ x,   // (samples, elements)
                                      const float* __restrict__ dy,  // (samples, elements)   gradients only, as is
                                      ExpressionOperand gain,        // (channels)
                                      unsigned elements, unsigned piece, bool aligned) {
  using Value = Moments<kGradient>;
  float* scratch = shared_memory<float>();
  const unsigned last = min(elements, (blockIdx.y + 1) * piece);
  Value values[4];
  float count = 0.0f;
#pragma unroll 4
  for (unsigned i = blockIdx.y * piece + 4 * threadIdx.x; i < last; i += 4 * blockDim.x) {
    const unsigned at = blockIdx.x * elements + i;
    const int valid = min(4u, last - i);
    const float4 a = load_vector(x, at, valid, aligned);
    float4 g = a;
    if constexpr (kGradient) {
      const float4 scale = read_operand<Access::kChannel>(gain, i, valid);
      g = load_vector(dy, at, valid, aligned);
      g = make_float4(g.x * scale.x, g.y * scale.y, g.z * scale.z, g.w * scale.w);
    }
    count += 1.0f;
    const float inverse = 1.0f / count;
    values[0].add(a.x, g.x, count, inverse);
    if (valid > 1) values[1].add(a.y, g.y, count, inverse);
    if (valid > 2) values[2].add(a.z, g.z, count, inverse);
    if (valid > 3) values[3].add(a.w, g.w, count, inverse);
  }
  values[0].combine(values[1]);
  values[2].combine(values[3]);
  values[0].combine(values[2]);
  values[0].store(scratch + threadIdx.x * Value::kFields, 1);
  combine_rows<kGradient>(scratch, blockDim.x, 1);
  if (threadIdx.x == 0) Value::load(scratch, 1).store(pieces + (blockIdx.x * gridDim.y + blockIdx.y) * Value::kFields, 1);
}

/** The statistics of up to `columns` neighbours: each of blockDim / columns rows of threads takes every so manieth piece.
 *  Grid: (outer, tiles of inner). */
template <bool kGradient>
__global__ void statistics_kernel(float* __restrict__ statistics,    // (kStatistics, stride)
                                  const float* __restrict__ pieces,  // (outer, splits, fields, inner)
                                  const float* __restrict__ gain,    // (inner) or null: no scale is wanted
                                  unsigned splits, unsigned inner, unsigned columns, unsigned stride, float epsilon) {
  using Value = Moments<kGradient>;
  float* scratch = shared_memory<float>();
  const unsigned column = threadIdx.x % columns, thread_row = threadIdx.x / columns, thread_rows = blockDim.x / columns;
  const unsigned i = blockIdx.y * columns + column;
  Value value;
  if (i < inner) {
    for (unsigned piece = thread_row; piece < splits; piece += thread_rows) {
      value.combine(Value::load(pieces + (blockIdx.x * splits + piece) * Value::kFields * inner + i, inner));
    }
  }
  value.store(scratch + thread_row * Value::kFields * columns + column, columns);
  combine_rows<kGradient>(scratch, thread_rows, columns);
  if (thread_row > 0 || i >= inner) return;
  value = Value::load(scratch + column, columns);
  const float rstd = 1.0f / sqrtf(value.squares / value.count + epsilon);
  float* result = statistics + blockIdx.x * inner + i;
  result[kMean * stride] = value.mean;
  result[kRstd * stride] = rstd;
  if constexpr (kGradient) {
    result[kGradientMean * stride] = value.g_mean;
    result[kProductMean * stride] = value.products / value.count * rstd;
    if (gain != nullptr) result[kScale * stride] = gain[i] * rstd;
  }
}

namespace {

/** How the moments are spread over a device. */
struct Plan {
  unsigned outer, inner;
  /** Batch norm: threads side by side, and blocks. */
  unsigned lanes, tiles;
  /** Rows or elements of a piece. */
  unsigned piece, splits;

  unsigned statistics_stride() const { return (outer * inner + 3) / 4 * 4; }
  size_t pieces_floats(unsigned fields) const { return static_cast<size_t>(outer) * splits * fields * inner; }
  size_t workspace_bytes(unsigned fields) const { return sizeof(float) * (kStatistics * statistics_stride() + pieces_floats(fields)); }
};

void split(Plan& plan, unsigned blocks, unsigned length, unsigned unit) {
  const unsigned wanted = blocks >= kWantedBlocks ? 1 : kWantedBlocks / blocks;
  plan.piece = ceil_div(std::max(ceil_div(length, wanted), unit), unit) * unit;
  plan.splits = ceil_div(length, plan.piece);
}

Plan plan_channels(unsigned rows, unsigned channels) {
  Plan plan{1, channels, 1, 1, 0, 0};
  while (plan.lanes < kMostLanes && 4 * plan.lanes < channels) plan.lanes *= 2;
  plan.tiles = ceil_div(channels, 4 * plan.lanes);
  split(plan, plan.tiles, rows, kThreads / plan.lanes * kGroupsPerThread);
  return plan;
}

Plan plan_samples(unsigned samples, unsigned elements) {
  Plan plan{samples, 1, 1, 1, 0, 0};
  split(plan, samples, elements, 4 * kThreads * kGroupsPerThread);
  return plan;
}

/** The rows of the workspace. */
struct Workspace {
  float* statistics;
  float* pieces;
  unsigned stride;

  Workspace(void* memory, const Plan& plan)
      : statistics(static_cast<float*>(memory)), pieces(statistics + kStatistics * plan.statistics_stride()), stride(plan.statistics_stride()) {}

  const float* row(Statistic statistic) const { return statistics + statistic * stride; }
};

template <bool kGradient>
void combine_pieces(const Workspace& workspace, const Plan& plan, const float* gain, float epsilon, cudaStream_t stream) {
  const unsigned columns = plan.inner == 1 ? 1 : kCombineColumns;
  const unsigned threads = plan.inner == 1 ? kWarpSize : kCombineThreads;
  launch(statistics_kernel<kGradient>, dim3(plan.outer, ceil_div(plan.inner, columns)), dim3(threads),
         threads * Moments<kGradient>::kFields * sizeof(float), stream, workspace.statistics, workspace.pieces, gain, plan.splits, plan.inner,
         columns, workspace.stride, epsilon);
}

template <bool kGradient>
void channel_statistics(const Workspace& workspace, const Plan& plan, const float* x, const float* dy, const float* gain, unsigned rows,
                        unsigned channels, float epsilon, cudaStream_t stream) {
  const bool aligned = channels % 4 == 0 && is_aligned_16(x) && is_aligned_16(dy);
  launch(channel_moments_kernel<kGradient>, dim3(plan.tiles, plan.splits), dim3(kThreads),
         kThreads * 4 * Moments<kGradient>::kFields * sizeof(float), stream, workspace.pieces, x, dy, rows, channels, plan.piece, plan.lanes,
         aligned);
  combine_pieces<kGradient>(workspace, plan, gain, epsilon, stream);
}

template <bool kGradient>
void sample_statistics(const Workspace& workspace, const Plan& plan, const float* x, const float* dy, const ExpressionOperand& gain,
                       unsigned elements, float epsilon, cudaStream_t stream) {
  const bool aligned = is_aligned_16(x) && is_aligned_16(dy);
  launch(sample_moments_kernel<kGradient>, dim3(plan.outer, plan.splits), dim3(kThreads),
         kThreads * Moments<kGradient>::kFields * sizeof(float), stream, workspace.pieces, x, dy, gain, elements, plan.piece, aligned);
  combine_pieces<kGradient>(workspace, plan, nullptr, epsilon, stream);
}

/** Writes an expression down, register by register. */
class ExpressionBuilder {
 public:
  int operand(const float* data, int size, Access access) {
    const int i = expression_.operand_count++;
    expression_.operands[i] = data;
    expression_.sizes[i] = size;
    expression_.access[i] = access;
    return i;
  }
  int apply(Function function, int a, int b) {
    const int i = expression_.instruction_count++;
    expression_.instructions[i] = {function, {a, b, 0}, 0.0f};
    return expression_.operand_count + i;
  }
  const Expression& expression() const { return expression_; }

 private:
  Expression expression_;
};

/** gain (x - mean) rstd + bias */
void apply_norm(float* y, const float* x, const float* gain, const float* bias, const Workspace& workspace, Access access, int moments,
                int channels, int total, cudaStream_t stream) {
  ExpressionBuilder build;
  const int value = build.operand(x, total, Access::kFull), mean = build.operand(workspace.row(kMean), moments, access);
  const int rstd = build.operand(workspace.row(kRstd), moments, access);
  const int scale = build.operand(gain, channels, Access::kChannel), shift = build.operand(bias, channels, Access::kChannel);
  const int normalized = build.apply(Function::kMul, build.apply(Function::kSub, value, mean), rstd);
  build.apply(Function::kAdd, build.apply(Function::kMul, normalized, scale), shift);
  elementwise({y, build.expression(), total}, stream);
}

}  // namespace

void batch_norm(const BatchNormArgs& args, cudaStream_t stream) {
  const Plan plan = plan_channels(args.rows, args.channels);
  const Workspace workspace(args.workspace, plan);
  channel_statistics<false>(workspace, plan, args.x, nullptr, nullptr, args.rows, args.channels, args.epsilon, stream);
  apply_norm(args.y, args.x, args.gain, args.bias, workspace, Access::kChannel, args.channels, args.channels, args.rows * args.channels, stream);
}

size_t batch_norm_workspace_bytes(const BatchNormArgs& args) {
  return plan_channels(args.rows, args.channels).workspace_bytes(Moments<false>::kFields);
}

void batch_norm_gradient(const BatchNormGradientArgs& args, cudaStream_t stream) {
  const Plan plan = plan_channels(args.rows, args.channels);
  const Workspace workspace(args.workspace, plan);
  const int channels = args.channels, total = args.rows * channels;
  channel_statistics<true>(workspace, plan, args.x, args.dy, args.gain, args.rows, channels, args.epsilon, stream);
  ExpressionBuilder build;
  const int dy = build.operand(args.dy, total, Access::kFull), dy_mean = build.operand(workspace.row(kGradientMean), channels, Access::kChannel);
  const int x = build.operand(args.x, total, Access::kFull), mean = build.operand(workspace.row(kMean), channels, Access::kChannel);
  const int rstd = build.operand(workspace.row(kRstd), channels, Access::kChannel);
  const int product_mean = build.operand(workspace.row(kProductMean), channels, Access::kChannel);
  const int scale = build.operand(workspace.row(kScale), channels, Access::kChannel);
  const int centred = build.apply(Function::kSub, dy, dy_mean);
  const int normalized = build.apply(Function::kMul, build.apply(Function::kSub, x, mean), rstd);
  const int rest = build.apply(Function::kSub, centred, build.apply(Function::kMul, normalized, product_mean));
  build.apply(Function::kMul, rest, scale);
  elementwise({args.dx, build.expression(), total}, stream);
}

size_t batch_norm_gradient_workspace_bytes(const BatchNormGradientArgs& args) {
  return plan_channels(args.rows, args.channels).workspace_bytes(Moments<true>::kFields);
}

void layer_norm(const LayerNormArgs& args, cudaStream_t stream) {
  const Plan plan = plan_samples(args.samples, args.elements);
  const Workspace workspace(args.workspace, plan);
  sample_statistics<false>(workspace, plan, args.x, nullptr, {}, args.elements, args.epsilon, stream);
  apply_norm(args.y, args.x, args.gain, args.bias, workspace, Access::kSample, args.samples, args.channels, args.samples * args.elements, stream);
}

size_t layer_norm_workspace_bytes(const LayerNormArgs& args) {
  return plan_samples(args.samples, args.elements).workspace_bytes(Moments<false>::kFields);
}

void layer_norm_gradient(const LayerNormGradientArgs& args, cudaStream_t stream) {
  const Plan plan = plan_samples(args.samples, args.elements);
  const Workspace workspace(args.workspace, plan);
  const int samples = args.samples, channels = args.channels, total = samples * args.elements;
  ExpressionBuilder build;
  const int dy = build.operand(args.dy, total, Access::kFull), gain = build.operand(args.gain, channels, Access::kChannel);
  const int g_mean = build.operand(workspace.row(kGradientMean), samples, Access::kSample);
  const int x = build.operand(args.x, total, Access::kFull), mean = build.operand(workspace.row(kMean), samples, Access::kSample);
  const int rstd = build.operand(workspace.row(kRstd), samples, Access::kSample);
  const int product_mean = build.operand(workspace.row(kProductMean), samples, Access::kSample);
  const int centred = build.apply(Function::kSub, build.apply(Function::kMul, dy, gain), g_mean);
  const int normalized = build.apply(Function::kMul, build.apply(Function::kSub, x, mean), rstd);
  const int rest = build.apply(Function::kSub, centred, build.apply(Function::kMul, normalized, product_mean));
  build.apply(Function::kMul, rest, rstd);
  const ExpressionOperand gain_operand = make_operand(build.expression(), gain, Access::kChannel, total);
  sample_statistics<true>(workspace, plan, args.x, args.dy, gain_operand, args.elements, args.epsilon, stream);
  elementwise({args.dx, build.expression(), total}, stream);
}

size_t layer_norm_gradient_workspace_bytes(const LayerNormGradientArgs& args) {
  return plan_samples(args.samples, args.elements).workspace_bytes(Moments<true>::kFields);
}

}  // namespace gannet::kernels
