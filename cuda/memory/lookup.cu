#include <climits>

#include "common/divider.h"
#include "expressions/operand.h"
#include "kernels.h"
#include "launch/launch.h"

// Rows of a table by index, the adjoint of that, rows written by index, one-hot codes, and indices from numbers. The first block of each
// launch that takes indices also checks them, and reports the first one that is out of range. An index out of range reads and writes no
// row.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kScatterThreads = 128;

}  // namespace

/** Reports the first of `count` indices that is not from 0 to rows - 1. The whole block takes part; `scratch` holds a number per thread. */
__device__ __forceinline__ void check_indices(const int* indices, unsigned count, int rows, IndexError* error, int step,
                                              unsigned* scratch) {
  unsigned first = count;
  for (unsigned i = threadIdx.x; i < count && first == count; i += blockDim.x) {
    if (indices[i] < 0 || indices[i] >= rows) first = i;
  }
  scratch[threadIdx.x] = first;
  __syncthreads();
  if (threadIdx.x > 0) return;
  for (unsigned thread = 1; thread < blockDim.x; thread++) first = min(first, scratch[thread]);
  if (first == count || error->found != 0) return;
  *error = {1, step, static_cast<int>(first), indices[first], rows};
}

/** Grid: one thread per four columns of a row of y. Shared memory: one number per thread. */
__global__ void gather_kernel(float* __restrict__ y,            // (count, width)
                              const float* __restrict__ table,  // (rows, width)
                              const int* __restrict__ indices,  // (count)
                              unsigned count, int rows, unsigned width, Divider groups, bool aligned, IndexError* error, int step) {
  if (blockIdx.x == 0) check_indices(indices, count, rows, error, step, shared_memory<unsigned>());
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned row = groups.divide(i), column = 4 * (i - row * groups.divisor);
  if (row >= count) return;
  const int valid = min(4u, width - column), from = indices[row];
  float4 value = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (from >= 0 && from < rows) value = load_vector(table, from * width + column, valid, aligned);
  store_vector(y, row * width + column, value, valid, aligned);
}

/** Grid: (rows of the table, tiles of columns). Every block reads all indices, and adds up the rows of dy that go to its own row, in their
 *  order. Shared memory: one number per thread, as in the others. */
__global__ void scatter_add_kernel(float* __restrict__ y,            // (rows, width)
                                   const int* __restrict__ indices,  // (count)
                                   const float* __restrict__ dy,     // (count, width)
                                   unsigned count, unsigned width, bool aligned, IndexError* error, int step) {
  if (blockIdx.x == 0 && blockIdx.y == 0) check_indices(indices, count, gridDim.x, error, step, shared_memory<unsigned>());
  const unsigned column = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
  if (column >= width) return;
  const int valid = min(4u, width - column), row = blockIdx.x;
  float4 total = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  for (unsigned i = 0; i < count; i++) {
    if (indices[i] != row) continue;
    const float4 value = load_vector(dy, i * width + column, valid, aligned);
    total = make_float4(total.x + value.x, total.y + value.y, total.z + value.z, total.w + value.w);
  }
  store_vector(y, row * width + column, total, valid, aligned);
}

/** Grid: one thread per column of y. Each takes the indices in their order, so that the last of those that are alike counts. */
__global__ void assign_rows_kernel(uint32_t* __restrict__ y,           // (rows, width)
                                   const int* __restrict__ indices,    // (count)
                                   const uint32_t* __restrict__ from,  // (count, width)
                                   unsigned count, int rows, unsigned width, IndexError* error, int step) {
  if (blockIdx.x == 0) check_indices(indices, count, rows, error, step, shared_memory<unsigned>());
  const unsigned column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= width) return;
  for (unsigned i = 0; i < count; i++) {
    const int row = indices[i];
    if (row >= 0 && row < rows) y[row * width + column] = from[i * width + column];
  }
}

/** Grid: one thread per element. */
__global__ void truncate_kernel(int* __restrict__ y,          // (total)
                                const float* __restrict__ x,  // (total)
                                unsigned total) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= total) return;
  const float value = x[i] == x[i] ? x[i] : 0.0f;
  y[i] = value >= 0x1p31f ? INT_MAX : value < -0x1p31f ? INT_MIN : static_cast<int>(value);
}

/** Grid: one thread per four elements of y, across rows. */
__global__ void one_hot_kernel(float* __restrict__ y,            // (count, depth)
                               const int* __restrict__ indices,  // (count)
                               unsigned count, Divider depth, bool aligned, IndexError* error, int step) {
  if (blockIdx.x == 0) check_indices(indices, count, depth.divisor, error, step, shared_memory<unsigned>());
  const unsigned total = count * depth.divisor, first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (first >= total) return;
  const int valid = min(4u, total - first);
  const auto at = [&](unsigned i) {
    if (i >= total) return 0.0f;
    const unsigned row = depth.divide(i);
    return indices[row] == static_cast<int>(i - row * depth.divisor) ? 1.0f : 0.0f;
  };
  store_vector(y, first, make_float4(at(first), at(first + 1), at(first + 2), at(first + 3)), valid, aligned);
}

void gather(const GatherArgs& args, cudaStream_t stream) {
  const auto count = static_cast<unsigned>(args.count), width = static_cast<unsigned>(args.width);
  const unsigned groups = ceil_div(width, 4u);
  const bool aligned = is_aligned_16(args.y) && is_aligned_16(args.table);
  launch(gather_kernel, dim3(ceil_div(count * groups, kThreads)), dim3(kThreads), kThreads * sizeof(unsigned), stream, args.y, args.table,
         args.indices, count, args.rows, width, make_divider(groups), aligned, args.error, args.step);
}

void scatter_add(const ScatterAddArgs& args, cudaStream_t stream) {
  const auto width = static_cast<unsigned>(args.width);
  const bool aligned = is_aligned_16(args.y) && is_aligned_16(args.dy);
  launch(scatter_add_kernel, dim3(args.rows, ceil_div(width, 4 * kScatterThreads)), dim3(kScatterThreads),
         kScatterThreads * sizeof(unsigned), stream, args.y, args.indices, args.dy, static_cast<unsigned>(args.count), width, aligned,
         args.error, args.step);
}

void assign_rows(const AssignRowsArgs& args, cudaStream_t stream) {
  const auto width = static_cast<unsigned>(args.width);
  launch(assign_rows_kernel, dim3(ceil_div(width, kThreads)), dim3(kThreads), kThreads * sizeof(unsigned), stream, args.y, args.indices,
         args.from, static_cast<unsigned>(args.count), args.rows, width, args.error, args.step);
}

void truncate(const TruncateArgs& args, cudaStream_t stream) {
  const auto total = static_cast<unsigned>(args.total);
  launch(truncate_kernel, dim3(ceil_div(total, kThreads)), dim3(kThreads), 0, stream, args.y, args.x, total);
}

void one_hot(const OneHotArgs& args, cudaStream_t stream) {
  const auto total = static_cast<unsigned>(args.count * args.depth);
  launch(one_hot_kernel, dim3(ceil_div(total, 4 * kThreads)), dim3(kThreads), kThreads * sizeof(unsigned), stream, args.y, args.indices,
         static_cast<unsigned>(args.count), make_divider(args.depth), is_aligned_16(args.y), args.error, args.step);
}

}  // namespace gannet::kernels
