#include "products/launch_product.cuh"

// The sum of the partial sums of a split reduction. The splits of each element are added in ascending order, so the bits never depend on
// which block has finished first. Bound by memory: it reads splits x elements and writes elements.
namespace gannet::kernels {

constexpr int kSumThreads = 256;
/** Blocks on a multiprocessor that registers leave room for. Without this bound the compiler spills rather than use more than 32. */
constexpr int kSumBlocks = 4;

/** result (elements) = epilogue of the sums over z of partials (splits, elements). A thread adds up `vector` neighbours. */
template <int vector, Values kValues>
__global__ void __launch_bounds__(kSumThreads, kSumBlocks)
    sum_partials_kernel(void* result,                        // (elements)
                        const float* __restrict__ partials,  // (splits, elements)
                        int64_t elements, int splits, const __grid_constant__ EpilogueCode epilogue) {
  const int64_t first = (int64_t{blockIdx.x} * kSumThreads + threadIdx.x) * vector;
  if (first >= elements) return;
  float4 sums = make_float4(0.f, 0.f, 0.f, 0.f);
  for (int partial = 0; partial < splits; partial++) {
    const float* source = partials + partial * elements + first;
    if constexpr (vector == 4) {
      const float4 four = load4(source);
      sums.x += four.x, sums.y += four.y, sums.z += four.z, sums.w += four.w;
    } else {
      sums.x += source[0];
    }
  }
  const float4 finished = finish<kValues>(epilogue, sums, static_cast<unsigned>(first), vector);
  store_result<kValues>(result, epilogue.result, static_cast<unsigned>(first), finished, vector, vector == 4);
}

template <Values kValues>
void sum_partials(const Resulting& result, const float* partials, int splits, const EpilogueCode& epilogue, cudaStream_t stream) {
  const auto [data, elements, element, values] = result;
  const int vector = elements % 4 == 0 && is_aligned_16(data) && is_aligned_16(partials) ? 4 : 1;
  const auto blocks = static_cast<unsigned>(ceil_div<int64_t>(elements, int64_t{kSumThreads} * vector));
  const auto kernel = vector == 4 ? sum_partials_kernel<4, kValues> : sum_partials_kernel<1, kValues>;
  launch(kernel, dim3(blocks), dim3(kSumThreads), 0, stream, data, partials, elements, splits, epilogue);
}

void sum_partials(const Resulting& result, const float* partials, int splits, const EpilogueCode& epilogue, cudaStream_t stream) {
  const auto launcher = result.values == Values::kMixed ? sum_partials<Values::kMixed> : sum_partials<Values::kFloat32>;
  launcher(result, partials, splits, epilogue, stream);
}

bool is_supported(const Epilogue& epilogue) { return Epilogues::number_of(epilogue) >= 0; }

EpilogueCode encode(const Epilogue& epilogue, int64_t elements) {
  EpilogueCode code{};
  code.number = Epilogues::number_of(epilogue);
  code.result = epilogue.result;
  if (code.number > 0) encode(epilogue.expression, static_cast<unsigned>(elements), code.operands, code.values);
  return code;
}

}  // namespace gannet::kernels
