#include "conv_launch.cuh"

// The sum of the parts of a split reduction: parts in ascending order for every element, so that the bits never depend on which block
// finished first. Bound by memory: reads splits x elements, writes elements.
namespace gannet::kernels {

constexpr int kSumThreads = 256;

/** result (elements) = f(sum over z of parts (splits, elements) + bias (columns)). A thread sums `vector` neighbours. */
template <int vector>
__global__ void __launch_bounds__(kSumThreads) sum_parts_kernel(float* __restrict__ result,       // (elements)
                                                                const float* __restrict__ parts,  // (splits, elements)
                                                                int64_t elements, int splits, int columns, Epilogue epilogue) {
  const int64_t first = (int64_t{blockIdx.x} * kSumThreads + threadIdx.x) * vector;
  if (first >= elements) return;
  float sums[vector] = {};
  for (int part = 0; part < splits; part++) {
    const float* source = parts + part * elements + first;
    if constexpr (vector == 4) {
      const float4 four = load4(source);
      sums[0] += four.x, sums[1] += four.y, sums[2] += four.z, sums[3] += four.w;
    } else {
      sums[0] += source[0];
    }
  }
  const int column = static_cast<int>(first % columns);
#pragma unroll
  for (int i = 0; i < vector; i++) sums[i] = finish(epilogue, sums[i], (column + i) % columns);
  if constexpr (vector == 4) {
    store_group(result + first, sums);
  } else {
    result[first] = sums[0];
  }
}

void sum_parts(float* result, const float* parts, int64_t elements, int splits, int columns, const Epilogue& epilogue, cudaStream_t stream) {
  const int vector = elements % 4 == 0 ? 4 : 1;
  const auto blocks = static_cast<unsigned>(ceil_div<int64_t>(elements, int64_t{kSumThreads} * vector));
  const auto kernel = vector == 4 ? sum_parts_kernel<4> : sum_parts_kernel<1>;
  launch(kernel, dim3(blocks), dim3(kSumThreads), 0, stream, result, parts, elements, splits, columns, epilogue);
}

}  // namespace gannet::kernels
