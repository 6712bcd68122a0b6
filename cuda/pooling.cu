#include "common/divider.h"
#include "expressions/operand.h"
#include "kernels.h"
#include "launch/launch.h"

// Pooling of NHWC images, forwards and backwards. One thread per result pixel and group of channels. A group is four channels in 16-byte
// accesses if the number of channels and every address are multiples of four, otherwise one channel. Gradients gather: each pixel of dx
// adds up the windows that cover it, in row-major order. So windows may overlap, and nothing is added atomically.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;

}  // namespace

/** kWidth neighbouring channels. */
template <int kWidth>
struct Channels {
  float values[kWidth];

  static __device__ __forceinline__ Channels load(const float* source) {
    Channels result;
    if constexpr (kWidth == 4) {
      const float4 v = load4(source);
      result.values[0] = v.x, result.values[1] = v.y, result.values[2] = v.z, result.values[3] = v.w;
    } else {
      result.values[0] = source[0];
    }
    return result;
  }
  __device__ __forceinline__ void store(float* target) const {
    if constexpr (kWidth == 4) {
      store4(target, make_float4(writable(values[0]), writable(values[1]), writable(values[2]), writable(values[3])));
    } else {
      target[0] = writable(values[0]);
    }
  }
};

/** Where a thread works: image n, row, column, first channel. */
struct Pixel {
  int n, row, column, channel;
};

/** How a thread's number is divided into the fields of a Pixel. */
struct PixelIndex {
  Divider groups, columns, rows;
  unsigned total;
};

template <int kWidth>
__device__ __forceinline__ Pixel pixel_of(const PixelIndex& index, unsigned i) {
  const unsigned position = index.groups.divide(i), row = index.columns.divide(position), n = index.rows.divide(row);
  return {static_cast<int>(n), static_cast<int>(row - n * index.rows.divisor), static_cast<int>(position - row * index.columns.divisor),
          static_cast<int>(i - position * index.groups.divisor) * kWidth};
}

/** [begin, end) along one axis. */
struct Extent {
  int begin, end;
};

/** The part of window `position` that lies inside the image. */
__device__ __forceinline__ Extent window(int position, int stride, int before, int size, int length) {
  const int begin = position * stride - before;
  return {max(begin, 0), min(begin + size, length)};
}

/** The windows that cover a pixel. */
__device__ __forceinline__ Extent covering(int pixel, int stride, int before, int size, int positions) {
  const int from = pixel + before - size;
  return {from < 0 ? 0 : from / stride + 1, min((pixel + before) / stride + 1, positions)};
}

/** A window of one image, clipped. */
struct Window {
  Extent rows, columns;
};

__device__ __forceinline__ Window window_at(const PoolGeometry& g, int p, int q) {
  return {window(p, g.stride_h, g.top, g.r, g.h), window(q, g.stride_w, g.left, g.s, g.w)};
}

__device__ __forceinline__ size_t image_offset(const PoolGeometry& g, int n, int h, int w, int c) {
  return ((static_cast<size_t>(n) * g.h + h) * g.w + w) * g.c + c;
}
__device__ __forceinline__ size_t pooled_offset(const PoolGeometry& g, int n, int p, int q, int c) {
  return ((static_cast<size_t>(n) * g.p + p) * g.q + q) * g.c + c;
}

/** The first maximum of each channel in a window: its value, and its place as h * w_of_image + w. NaN is the greatest of all. */
template <int kWidth>
struct FirstMaximum {
  Channels<kWidth> value;
  int place[kWidth];
};

template <int kWidth>
__device__ __forceinline__ FirstMaximum<kWidth> first_maximum(const PoolGeometry& g, const float* x, int n, int c, const Window& window) {
  FirstMaximum<kWidth> best;
  best.value = Channels<kWidth>::load(x + image_offset(g, n, window.rows.begin, window.columns.begin, c));
#pragma unroll
  for (int j = 0; j < kWidth; j++) best.place[j] = window.rows.begin * g.w + window.columns.begin;
  for (int h = window.rows.begin; h < window.rows.end; h++) {
    for (int w = window.columns.begin; w < window.columns.end; w++) {
      const auto candidate = Channels<kWidth>::load(x + image_offset(g, n, h, w, c));
#pragma unroll
      for (int j = 0; j < kWidth; j++) {
        const float a = candidate.values[j], b = best.value.values[j];
        if (a > b || (a != a && b == b)) {
          best.value.values[j] = a;
          best.place[j] = h * g.w + w;
        }
      }
    }
  }
  return best;
}

template <int kWidth>
__global__ void max_pool_kernel(float* __restrict__ y,        // (n, p, q, c)
                                const float* __restrict__ x,  // (n, h, w, c)
                                PoolGeometry g, PixelIndex index) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= index.total) return;
  const Pixel at = pixel_of<kWidth>(index, i);
  first_maximum<kWidth>(g, x, at.n, at.channel, window_at(g, at.row, at.column))
      .value.store(y + pooled_offset(g, at.n, at.row, at.column, at.channel));
}

template <int kWidth>
__global__ void max_pool_gather_kernel(float* __restrict__ y,             // (n, p, q, c)
                                       const float* __restrict__ x,       // (n, h, w, c)
                                       const float* __restrict__ values,  // (n, h, w, c)
                                       PoolGeometry g, PixelIndex index) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= index.total) return;
  const Pixel at = pixel_of<kWidth>(index, i);
  const FirstMaximum<kWidth> best = first_maximum<kWidth>(g, x, at.n, at.channel, window_at(g, at.row, at.column));
  Channels<kWidth> result;
#pragma unroll
  for (int j = 0; j < kWidth; j++)
    result.values[j] = values[image_offset(g, at.n, 0, 0, at.channel + j) + static_cast<size_t>(best.place[j]) * g.c];
  result.store(y + pooled_offset(g, at.n, at.row, at.column, at.channel));
}

template <int kWidth>
__global__ void max_pool_gradient_kernel(float* __restrict__ dx,        // (n, h, w, c)
                                         const float* __restrict__ x,   // (n, h, w, c)
                                         const float* __restrict__ dy,  // (n, p, q, c)
                                         PoolGeometry g, PixelIndex index) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= index.total) return;
  const Pixel at = pixel_of<kWidth>(index, i);
  const Extent rows = covering(at.row, g.stride_h, g.top, g.r, g.p), columns = covering(at.column, g.stride_w, g.left, g.s, g.q);
  Channels<kWidth> total{};
  for (int p = rows.begin; p < rows.end; p++) {
    for (int q = columns.begin; q < columns.end; q++) {
      const FirstMaximum<kWidth> best = first_maximum<kWidth>(g, x, at.n, at.channel, window_at(g, p, q));
      const auto gradient = Channels<kWidth>::load(dy + pooled_offset(g, at.n, p, q, at.channel));
#pragma unroll
      for (int j = 0; j < kWidth; j++) {
        if (best.place[j] == at.row * g.w + at.column) total.values[j] += gradient.values[j];
      }
    }
  }
  total.store(dx + image_offset(g, at.n, at.row, at.column, at.channel));
}

/** The weight of each pixel in the mean over a clipped window. */
__device__ __forceinline__ float share(const Window& window) {
  return 1.0f / static_cast<float>((window.rows.end - window.rows.begin) * (window.columns.end - window.columns.begin));
}

template <int kWidth>
__global__ void average_pool_kernel(float* __restrict__ y,        // (n, p, q, c)
                                    const float* __restrict__ x,  // (n, h, w, c)
                                    PoolGeometry g, PixelIndex index) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= index.total) return;
  const Pixel at = pixel_of<kWidth>(index, i);
  const Window window = window_at(g, at.row, at.column);
  Channels<kWidth> total{};
  for (int h = window.rows.begin; h < window.rows.end; h++) {
    for (int w = window.columns.begin; w < window.columns.end; w++) {
      const auto value = Channels<kWidth>::load(x + image_offset(g, at.n, h, w, at.channel));
#pragma unroll
      for (int j = 0; j < kWidth; j++) total.values[j] += value.values[j];
    }
  }
#pragma unroll
  for (int j = 0; j < kWidth; j++) total.values[j] *= share(window);
  total.store(y + pooled_offset(g, at.n, at.row, at.column, at.channel));
}

template <int kWidth>
__global__ void average_pool_gradient_kernel(float* __restrict__ dx,        // (n, h, w, c)
                                             const float* __restrict__ dy,  // (n, p, q, c)
                                             PoolGeometry g, PixelIndex index) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= index.total) return;
  const Pixel at = pixel_of<kWidth>(index, i);
  const Extent rows = covering(at.row, g.stride_h, g.top, g.r, g.p), columns = covering(at.column, g.stride_w, g.left, g.s, g.q);
  Channels<kWidth> total{};
  for (int p = rows.begin; p < rows.end; p++) {
    for (int q = columns.begin; q < columns.end; q++) {
      const float weight = share(window_at(g, p, q));
      const auto gradient = Channels<kWidth>::load(dy + pooled_offset(g, at.n, p, q, at.channel));
#pragma unroll
      for (int j = 0; j < kWidth; j++) total.values[j] += weight * gradient.values[j];
    }
  }
  total.store(dx + image_offset(g, at.n, at.row, at.column, at.channel));
}

namespace {

/** One thread for each of (n, rows, columns, groups of channels). */
PixelIndex index_of(int n, int rows, int columns, int channels, int width) {
  const auto groups = static_cast<unsigned>(channels / width);
  return {make_divider(groups), make_divider(columns), make_divider(rows), static_cast<unsigned>(n * rows * columns) * groups};
}

enum class Result { kImage, kPooled };

/** Launches the kernel for four channels a thread if alignment allows it, else that for one. */
template <typename KernelFunction, typename... Pointers>
void launch_pool(KernelFunction by_four, KernelFunction by_one, Result result, const PoolGeometry& g, cudaStream_t stream,
                 Pointers... pointers) {
  const bool fours = g.c % 4 == 0 && (is_aligned_16(pointers) && ...);
  const bool is_image = result == Result::kImage;
  const PixelIndex index = index_of(g.n, is_image ? g.h : g.p, is_image ? g.w : g.q, g.c, fours ? 4 : 1);
  launch(fours ? by_four : by_one, dim3(ceil_div(index.total, kThreads)), dim3(kThreads), 0, stream, pointers..., g, index);
}

}  // namespace

void max_pool(const PoolArgs& args, cudaStream_t stream) {
  launch_pool(max_pool_kernel<4>, max_pool_kernel<1>, Result::kPooled, args.geometry, stream, args.result, args.first);
}

void max_pool_gather(const PoolArgs& args, cudaStream_t stream) {
  launch_pool(max_pool_gather_kernel<4>, max_pool_gather_kernel<1>, Result::kPooled, args.geometry, stream, args.result, args.first,
              args.second);
}

void max_pool_gradient(const PoolArgs& args, cudaStream_t stream) {
  launch_pool(max_pool_gradient_kernel<4>, max_pool_gradient_kernel<1>, Result::kImage, args.geometry, stream, args.result, args.first,
              args.second);
}

void average_pool(const PoolArgs& args, cudaStream_t stream) {
  launch_pool(average_pool_kernel<4>, average_pool_kernel<1>, Result::kPooled, args.geometry, stream, args.result, args.first);
}

void average_pool_gradient(const PoolArgs& args, cudaStream_t stream) {
  launch_pool(average_pool_gradient_kernel<4>, average_pool_gradient_kernel<1>, Result::kImage, args.geometry, stream, args.result,
              args.first);
}

}  // namespace gannet::kernels
