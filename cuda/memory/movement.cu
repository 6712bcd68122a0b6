#include <algorithm>
#include <utility>

#include "common/divider.h"
#include "kernels.h"
#include "launch/launch.h"

// Moves elements of four bytes as they are: constants, and copies between two strided views of one shape, with zeros around the source. The
// host first simplifies a copy: it drops axes of one element, and merges neighbouring axes that can be walked as one. Then it takes the
// first kernel of these that fits:
//
// vectors     the innermost axis is dense on both sides, and all sizes and strides are multiples of four: 16 bytes per thread.
// repeats     the innermost axis repeats one source element: 16-byte stores.
// transpose   the source is dense along another axis than the target: tiles of 32 x 32 go through shared memory. A row there has 33
//             elements, so that there are no bank conflicts. Both sides are read and written in rows.
// elements    anything else: one element per thread.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kTile = 32, kTileRows = 8;

}  // namespace

__device__ __forceinline__ void store_four(uint32_t* target, uint4 value) { *reinterpret_cast<uint4*>(target) = value; }
__device__ __forceinline__ uint4 load_four(const uint32_t* source) { return *reinterpret_cast<const uint4*>(source); }

__global__ void fill_kernel(uint32_t* __restrict__ y,  // (total)
                            uint32_t bits, unsigned total, bool aligned) {
  const unsigned first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (aligned && first + 4 <= total) {
    store_four(y + first, make_uint4(bits, bits, bits, bits));
  } else {
    for (unsigned i = first; i < min(first + 4, total); i++) y[i] = bits;
  }
}

/** A simplified copy. Sizes, strides and offsets count units of one or four elements along the innermost axis. */
struct CopyShape {
  struct Axis {
    Divider size;
    unsigned target, source;
    unsigned before, extent;
  };
  Axis axes[kMaxCopyAxes];
  int count;
  unsigned total;
};

/** Where unit i of a copy goes to and comes from. Not `inside`: it is zero. */
struct CopyPosition {
  unsigned target, source;
  bool inside;
};

__device__ __forceinline__ CopyPosition position_of(const CopyShape& shape, unsigned i) {
  CopyPosition position{0, 0, true};
  for (int axis = shape.count - 1; axis >= 0; axis--) {
    const CopyShape::Axis& a = shape.axes[axis];
    const unsigned rest = a.size.divide(i), index = i - rest * a.size.divisor;
    // An index below zero wraps around to a large number, so one comparison checks both ends.
    const unsigned from = index - a.before;
    position.inside = position.inside && from < a.extent;
    position.target += index * a.target;
    position.source += from * a.source;
    i = rest;
  }
  return position;
}

enum class CopyUnit { kElement, kVector, kRepeat };

template <CopyUnit kUnit>
__global__ void copy_kernel(uint32_t* y, const uint32_t* x, CopyShape shape) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= shape.total) return;
  const CopyPosition position = position_of(shape, i);
  if constexpr (kUnit == CopyUnit::kElement) y[position.target] = position.inside ? x[position.source] : 0;
  if constexpr (kUnit == CopyUnit::kVector) {
    store_four(y + 4 * position.target, position.inside ? load_four(x + 4 * position.source) : make_uint4(0, 0, 0, 0));
  }
  if constexpr (kUnit == CopyUnit::kRepeat) {
    const uint32_t value = position.inside ? x[position.source] : 0;
    store_four(y + 4 * position.target, make_uint4(value, value, value, value));
  }
}

/** y[j][i] = x[i][j] for one of many planes, each a step of the outer axes. Grid: (tiles of j, tiles of i, planes); block 32 x 8.
 *  Shared memory: 32 rows of 33 elements. */
__global__ void transpose_kernel(uint32_t* __restrict__ y, const uint32_t* __restrict__ x,
                                 unsigned rows,           // i: dense in y
                                 unsigned columns,        // j: dense in x
                                 unsigned source_stride,  // of i in x
                                 unsigned target_stride,  // of j in y
                                 CopyShape planes) {
  uint32_t* tile = shared_memory<uint32_t>();
  const CopyPosition plane = position_of(planes, blockIdx.z);
  const unsigned j0 = blockIdx.x * kTile, i0 = blockIdx.y * kTile;
  for (unsigned k = threadIdx.y; k < kTile; k += kTileRows) {
    const unsigned i = i0 + k, j = j0 + threadIdx.x;
    if (i < rows && j < columns) tile[k * (kTile + 1) + threadIdx.x] = x[plane.source + i * source_stride + j];
  }
  __syncthreads();
  for (unsigned k = threadIdx.y; k < kTile; k += kTileRows) {
    const unsigned i = i0 + threadIdx.x, j = j0 + k;
    if (i < rows && j < columns) y[plane.target + j * target_stride + i] = tile[threadIdx.x * (kTile + 1) + k];
  }
}

void fill(const FillArgs& args, cudaStream_t stream) {
  const auto total = static_cast<unsigned>(args.total);
  launch(fill_kernel, dim3(ceil_div(total, 4 * kThreads)), dim3(kThreads), 0, stream, args.y, args.bits, total, is_aligned_16(args.y));
}

namespace {

bool is_padded(const CopyAxis& axis) { return axis.before != 0 || axis.extent != axis.size; }

/** Whether two neighbouring axes can be walked as one: the end of the inner axis is one step of the outer one. */
bool can_merge(const CopyAxis& outer, const CopyAxis& inner) {
  return !is_padded(inner) && outer.target == inner.target * inner.size && outer.source == inner.source * inner.size;
}

CopyAxis merged(const CopyAxis& outer, const CopyAxis& inner) {
  const int n = inner.size;
  return {outer.size * n, inner.target, inner.source, outer.before * n, outer.extent * n};
}

/** The same copy with as few axes as possible, at least one. */
CopyArgs simplified(const CopyArgs& args) {
  CopyArgs result = args;
  result.axis_count = 0;
  for (int i = 0; i < args.axis_count; i++) {
    CopyAxis axis = args.axes[i];
    if (axis.extent == 0) axis.extent = axis.size;
    if (axis.size == 1 && !is_padded(axis)) continue;
    CopyAxis* last = result.axis_count > 0 ? &result.axes[result.axis_count - 1] : nullptr;
    if (last && can_merge(*last, axis)) {
      *last = merged(*last, axis);
    } else {
      result.axes[result.axis_count++] = axis;
    }
  }
  if (result.axis_count == 0) result.axes[result.axis_count++] = {1, 1, 1, 0, 1};
  return result;
}

CopyShape shape_of(const CopyAxis* axes, int count) {
  CopyShape shape{};
  shape.count = count;
  shape.total = 1;
  for (int i = 0; i < count; i++) {
    const CopyAxis& a = axes[i];
    shape.axes[i] = {make_divider(a.size), static_cast<unsigned>(a.target), static_cast<unsigned>(a.source),
                     static_cast<unsigned>(a.before), static_cast<unsigned>(a.extent)};
    shape.total *= static_cast<unsigned>(a.size);
  }
  return shape;
}

/** Whether 16-byte stores reach the whole target; with `source_too`, also 16-byte loads the whole source. */
bool moves_in_fours(const CopyArgs& copy, bool source_too) {
  const CopyAxis& inner = copy.axes[copy.axis_count - 1];
  if (inner.target != 1 || !is_aligned_16(copy.y) || inner.size % 4 != 0) return false;
  if (source_too && (inner.source != 1 || !is_aligned_16(copy.x) || inner.before % 4 != 0 || inner.extent % 4 != 0)) return false;
  for (int i = 0; i + 1 < copy.axis_count; i++) {
    if (copy.axes[i].target % 4 != 0 || (source_too && copy.axes[i].source % 4 != 0)) return false;
  }
  return true;
}

/** The axes in units of four elements; a source that repeats keeps its strides. */
CopyShape shape_in_fours(const CopyArgs& copy, bool source_too) {
  CopyAxis axes[kMaxCopyAxes];
  std::copy_n(copy.axes, copy.axis_count, axes);
  CopyAxis& inner = axes[copy.axis_count - 1];
  inner.size /= 4;
  inner.before /= 4;
  inner.extent /= 4;
  for (int i = 0; i + 1 < copy.axis_count; i++) {
    axes[i].target /= 4;
    if (source_too) axes[i].source /= 4;
  }
  return shape_of(axes, copy.axis_count);
}

template <CopyUnit kUnit>
void launch_copy(const CopyArgs& copy, const CopyShape& shape, cudaStream_t stream) {
  launch(copy_kernel<kUnit>, dim3(ceil_div(shape.total, kThreads)), dim3(kThreads), 0, stream, copy.y, copy.x, shape);
}

/** The axis that is dense in the source, if the copy is a transposition of planes worth their tiles; -1 otherwise. */
int transposed_axis(const CopyArgs& copy) {
  const CopyAxis& inner = copy.axes[copy.axis_count - 1];
  if (inner.target != 1 || inner.source <= 1 || inner.size < static_cast<int>(kTileRows)) return -1;
  int dense = -1;
  for (int i = 0; i < copy.axis_count; i++) {
    if (is_padded(copy.axes[i])) return -1;
    if (copy.axes[i].source == 1 && copy.axes[i].size >= static_cast<int>(kTileRows)) dense = i;
  }
  return dense;
}

/** False if the grid cannot hold so many planes or rows of tiles. */
bool launch_transpose(const CopyArgs& copy, int dense, cudaStream_t stream) {
  constexpr unsigned kMostBlocks = 65535;
  const CopyAxis &rows = copy.axes[copy.axis_count - 1], &columns = copy.axes[dense];
  CopyAxis outer[kMaxCopyAxes];
  int count = 0;
  for (int i = 0; i + 1 < copy.axis_count; i++) {
    if (i != dense) outer[count++] = copy.axes[i];
  }
  const CopyShape planes = shape_of(outer, count);
  const dim3 grid(ceil_div(static_cast<unsigned>(columns.size), kTile), ceil_div(static_cast<unsigned>(rows.size), kTile), planes.total);
  if (grid.y > kMostBlocks || grid.z > kMostBlocks) return false;
  launch(transpose_kernel, grid, dim3(kTile, kTileRows), kTile * (kTile + 1) * sizeof(uint32_t), stream, copy.y, copy.x,
         static_cast<unsigned>(rows.size), static_cast<unsigned>(columns.size), static_cast<unsigned>(rows.source),
         static_cast<unsigned>(columns.target), planes);
  return true;
}

}  // namespace

void copy(const CopyArgs& args, cudaStream_t stream) {
  const CopyArgs copy = simplified(args);
  const CopyAxis& inner = copy.axes[copy.axis_count - 1];
  if (moves_in_fours(copy, true)) return launch_copy<CopyUnit::kVector>(copy, shape_in_fours(copy, true), stream);
  if (inner.source == 0 && !is_padded(inner) && moves_in_fours(copy, false)) {
    return launch_copy<CopyUnit::kRepeat>(copy, shape_in_fours(copy, false), stream);
  }
  const int dense = transposed_axis(copy);
  if (dense >= 0 && launch_transpose(copy, dense, stream)) return;
  launch_copy<CopyUnit::kElement>(copy, shape_of(copy.axes, copy.axis_count), stream);
}

namespace {

/** Row-major strides. */
Axes strides_of(const Axes& shape) {
  Axes strides;
  strides.count = shape.count;
  int stride = 1;
  for (int i = shape.count - 1; i >= 0; i--) {
    strides.values[i] = stride;
    stride *= shape.values[i];
  }
  return strides;
}

}  // namespace

CopyArgs contiguous_copy(uint32_t* y, const uint32_t* x, int total) { return {y, x, {{total, 1, 1}}, 1}; }

CopyArgs broadcast_copy(uint32_t* y, const uint32_t* x, const Axes& shape, const Axes& repeated) {
  CopyArgs copy{y, x, {}, shape.count};
  const Axes target = strides_of(shape);
  int stride = 1;
  for (int i = shape.count - 1; i >= 0; i--) {
    copy.axes[i] = {shape.values[i], target.values[i], repeated.values[i] ? 0 : stride};
    if (!repeated.values[i]) stride *= shape.values[i];
  }
  return copy;
}

CopyArgs transpose_copy(uint32_t* y, const uint32_t* x, const Axes& x_shape, const Axes& permutation) {
  CopyArgs copy{y, x, {}, x_shape.count};
  const Axes source = strides_of(x_shape);
  int stride = 1;
  for (int i = x_shape.count - 1; i >= 0; i--) {
    const int from = permutation.values[i];
    copy.axes[i] = {x_shape.values[from], stride, source.values[from]};
    stride *= x_shape.values[from];
  }
  return copy;
}

CopyArgs slice_copy(uint32_t* y, const uint32_t* x, const Axes& x_shape, const Axes& begin, const Axes& size) {
  CopyArgs copy{y, x, {}, x_shape.count};
  const Axes source = strides_of(x_shape), target = strides_of(size);
  for (int i = 0; i < x_shape.count; i++) {
    copy.x += begin.values[i] * source.values[i];
    copy.axes[i] = {size.values[i], target.values[i], source.values[i]};
  }
  return copy;
}

CopyArgs pad_copy(uint32_t* y, const uint32_t* x, const Axes& x_shape, const Axes& before, const Axes& after) {
  CopyArgs copy{y, x, {}, x_shape.count};
  const Axes source = strides_of(x_shape);
  int stride = 1;
  for (int i = x_shape.count - 1; i >= 0; i--) {
    const int size = before.values[i] + x_shape.values[i] + after.values[i];
    copy.axes[i] = {size, stride, source.values[i], before.values[i], x_shape.values[i]};
    stride *= size;
  }
  return copy;
}

CopyArgs concat_copy(uint32_t* y, const uint32_t* x, const Axes& y_shape, const Axes& x_shape, int axis, int offset) {
  const Axes source = strides_of(x_shape), target = strides_of(y_shape);
  CopyArgs copy{y + offset * target.values[axis], x, {}, x_shape.count};
  for (int i = 0; i < x_shape.count; i++) copy.axes[i] = {x_shape.values[i], target.values[i], source.values[i]};
  return copy;
}

CopyArgs upsample_copy(uint32_t* y, const uint32_t* x, int n, int h, int w, int c, int scale) {
  const int pixel_row = w * scale * c;
  return {y, x, {{n * h, scale * pixel_row, w * c}, {scale, pixel_row, 0}, {w, scale * c, c}, {scale, c, 0}, {c, 1, 1}}, 5};
}

}  // namespace gannet::kernels
