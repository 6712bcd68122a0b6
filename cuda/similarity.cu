#include "common/divider.h"
#include "expressions/operand.h"
#include "kernels.h"
#include "launch/launch.h"

// How similar the images of a batch are (minibatch discrimination, arXiv:1606.03498), and the gradient of that. The differences of all
// pairs, N N B C numbers, are never written to memory. A thread owns one image and one feature and keeps its row in registers. It reads the
// rows of the other images from tiles in shared memory. The similarity of a pair is computed twice, once for each image, so that no sum
// needs a number from another thread.
namespace gannet::kernels {

namespace {

/** Features of a block, one per lane; images of a block, one per warp; and images in a tile of shared memory. */
constexpr int kFeatures = kWarpSize;
constexpr int kImages = 4;
constexpr int kTile = 16;
constexpr int kThreads = kFeatures * kImages;
/** Blocks on a multiprocessor that registers leave room for. Without this bound the compiler makes room for more, and spills. */
constexpr int kBlocks = 5;

}  // namespace

/** m (images, features, dimensions), of which a block holds `width` dimensions at a time, as rows of `stride` floats. */
struct SimilarityShape {
  int images, features, dimensions;
  int width, stride;
  /** Dividers by the width, and by the number of groups of four floats in a row of the tile. */
  Divider widths, groups;

  __host__ __device__ int chunks() const { return (dimensions + width - 1) / width; }
};

/** What a thread computes: one feature of one image. */
struct SimilarityPlace {
  int first_feature, feature, image;
  bool exists;
  /** Of the feature's row in m. */
  size_t row;
};

__device__ __forceinline__ SimilarityPlace place_of(const SimilarityShape& shape) {
  const int first = blockIdx.x * kFeatures, feature = first + threadIdx.x % kWarpSize,
            image = blockIdx.y * kImages + threadIdx.x / kWarpSize;
  const size_t row = (static_cast<size_t>(image) * shape.features + feature) * shape.dimensions;
  return {first, feature, image, feature < shape.features && image < shape.images, row};
}

/** Copies `width` dimensions from `first` on to tile (count, kFeatures, stride): of the block's features and of `count` images from `image`
 *  on. Whole rows are read 16 bytes at a time if they are aligned. */
__device__ __forceinline__ void load_tile(float* tile, const float* m, const SimilarityShape& shape, int first_feature, int image,
                                          int count, int first, bool aligned) {
  const int width = shape.width, stride = shape.stride, dimensions = shape.dimensions;
  const int features = min(kFeatures, shape.features - first_feature), run = features * width;
  const unsigned groups = shape.groups.divisor;
  for (unsigned group = threadIdx.x; group < count * groups; group += kThreads) {
    const int j = shape.groups.divide(group), e = 4 * (group - j * groups), valid = min(4, run - e);
    if (valid <= 0) continue;
    const unsigned origin = (static_cast<unsigned>(image + j) * shape.features + first_feature) * dimensions;
    float* row = tile + j * kFeatures * stride;
    const bool whole = width == dimensions;
    float4 value = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (whole) value = load_vector(m, origin + e, valid, aligned);
    if (whole && stride == width) {
      store4(row + e, value);
      continue;
    }
    const float loaded[4] = {value.x, value.y, value.z, value.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int feature = shape.widths.divide(e + i), dimension = e + i - feature * width;
      if (i >= valid || first + dimension >= dimensions) continue;
      row[feature * stride + dimension] = whole ? loaded[i] : m[origin + feature * dimensions + first + dimension];
    }
  }
}

/** The L1 distances between the thread's row and those of `count` images from `image` on. It takes one chunk of dimensions after the other,
 *  and chunk `last` as the last one. Afterwards `own` holds this chunk of the thread's row, and the tile that of the other images. The
 *  whole block takes part. */
template <int kDimensions>
__device__ __forceinline__ void measure(float (&distance)[kTile], float (&own)[kDimensions], float* tile, const float* m,
                                        const SimilarityShape& shape, const SimilarityPlace& place, int image, int count, int last,
                                        bool aligned) {
#pragma unroll
  for (int j = 0; j < kTile; j++) distance[j] = 0.0f;
  const int chunks = shape.chunks();
  for (int turn = 1; turn <= chunks; turn++) {
    const int first = (last + turn) % chunks * shape.width;
    __syncthreads();
    load_tile(tile, m, shape, place.first_feature, image, count, first, aligned);
    __syncthreads();
    if (!place.exists) continue;
    if (chunks > 1 || image == 0) {
#pragma unroll
      for (int c = 0; c < kDimensions; c++) own[c] = first + c < shape.dimensions ? m[place.row + first + c] : 0.0f;
    }
    const float* other = tile + threadIdx.x % kWarpSize * shape.stride;
#pragma unroll
    for (int j = 0; j < kTile; j++, other += kFeatures * shape.stride) {
      if (j >= count) continue;
#pragma unroll
      for (int c = 0; c < kDimensions; c++) {
        if (first + c < shape.dimensions) distance[j] += fabsf(own[c] - other[c]);
      }
    }
  }
}

/** Grid: (32 features, 4 images). Shared memory: 16 images x 32 features x stride floats. */
template <int kDimensions>
__global__ void __launch_bounds__(kThreads, kBlocks) batch_similarity_kernel(float* __restrict__ o,        // (N, B)
                                                                             const float* __restrict__ m,  // (N, B, C)
                                                                             SimilarityShape shape, bool aligned) {
  float* tile = shared_memory<float>();
  const SimilarityPlace place = place_of(shape);
  float own[kDimensions], distance[kTile], sum = 0.0f;
  for (int image = 0; image < shape.images; image += kTile) {
    const int count = min(kTile, shape.images - image);
    measure(distance, own, tile, m, shape, place, image, count, 0, aligned);
#pragma unroll
    for (int j = 0; j < kTile; j++) {
      if (j < count) sum += expf(-distance[j]);
    }
  }
  if (place.exists) o[static_cast<size_t>(place.image) * shape.features + place.feature] = writable(sum);
}

/** Grid: (32 features, 4 images, chunks of dimensions). Shared memory as above. */
template <int kDimensions>
__global__ void __launch_bounds__(kThreads, kBlocks) batch_similarity_gradient_kernel(float* __restrict__ dm,        // (N, B, C)
                                                                                      const float* __restrict__ m,   // (N, B, C)
                                                                                      const float* __restrict__ dy,  // (N, B)
                                                                                      SimilarityShape shape, bool aligned) {
  float* tile = shared_memory<float>();
  const SimilarityPlace place = place_of(shape);
  const int chunk = blockIdx.z, first = chunk * shape.width;
  const float* gradient = dy + place.feature;
  const float own_gradient = place.exists ? gradient[static_cast<size_t>(place.image) * shape.features] : 0.0f;
  float own[kDimensions], distance[kTile], sums[kDimensions];
#pragma unroll
  for (int c = 0; c < kDimensions; c++) sums[c] = 0.0f;
  for (int image = 0; image < shape.images; image += kTile) {
    const int count = min(kTile, shape.images - image);
    measure(distance, own, tile, m, shape, place, image, count, chunk, aligned);
    if (!place.exists) continue;
    const float* other = tile + threadIdx.x % kWarpSize * shape.stride;
#pragma unroll
    for (int j = 0; j < kTile; j++, other += kFeatures * shape.stride) {
      if (j >= count) continue;
      const float weight = (own_gradient + gradient[static_cast<size_t>(image + j) * shape.features]) * expf(-distance[j]);
#pragma unroll
      for (int c = 0; c < kDimensions; c++) {
        if (first + c >= shape.dimensions) continue;
        const float difference = own[c] - other[c];
        // The last case is a difference of 0, which gives 0, or of NaN, which stays NaN.
        sums[c] += difference > 0.0f ? weight : difference < 0.0f ? -weight : weight * difference;
      }
    }
  }
  if (!place.exists) return;
#pragma unroll
  for (int c = 0; c < kDimensions; c++) {
    if (first + c < shape.dimensions) dm[place.row + first + c] = writable(-sums[c]);
  }
}

namespace {

/** Dimensions that a thread holds at once: up to 5, the usual number, or chunks of 8. */
constexpr int kUsual = 5;
constexpr int kChunk = 8;

SimilarityShape shape_of(int images, int features, int dimensions) {
  const int width = dimensions < kChunk ? dimensions : kChunk;
  // Rows have an odd length, so that the lanes of a warp read from 32 different banks.
  const int stride = width | 1;
  return {images, features, dimensions, width, stride, make_divider(width), make_divider(ceil_div(kFeatures * width, 4))};
}

dim3 grid_of(const SimilarityShape& shape, int chunks) {
  return dim3(ceil_div(shape.features, kFeatures), ceil_div(shape.images, kImages), chunks);
}

size_t shared_bytes_of(const SimilarityShape& shape) { return sizeof(float) * kTile * kFeatures * shape.stride; }

}  // namespace

void batch_similarity(const BatchSimilarityArgs& args, cudaStream_t stream) {
  const SimilarityShape shape = shape_of(args.images, args.features, args.dimensions);
  const auto kernel = shape.width <= kUsual ? batch_similarity_kernel<kUsual> : batch_similarity_kernel<kChunk>;
  launch(kernel, grid_of(shape, 1), dim3(kThreads), shared_bytes_of(shape), stream, args.o, args.m, shape, is_aligned_16(args.m));
}

void batch_similarity_gradient(const BatchSimilarityGradientArgs& args, cudaStream_t stream) {
  const SimilarityShape shape = shape_of(args.images, args.features, args.dimensions);
  const auto kernel = shape.width <= kUsual ? batch_similarity_gradient_kernel<kUsual> : batch_similarity_gradient_kernel<kChunk>;
  launch(kernel, grid_of(shape, shape.chunks()), dim3(kThreads), shared_bytes_of(shape), stream, args.dm, args.m, args.dy, shape,
         is_aligned_16(args.m));
}

}  // namespace gannet::kernels
