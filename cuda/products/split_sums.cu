#include "products/launch_product.cuh"

// The sum of the parts of a split reduction: parts in ascending order for every element, so that the bits never depend on which block
// finished first. Bound by memory: reads splits x elements, writes elements.
namespace gannet::kernels {

constexpr int kSumThreads = 256;
/** Left to itself the compiler would spill rather than use more than 32 registers. */
constexpr int kSumBlocks = 4;

/** result (elements) = finished sums over z of parts (splits, elements). A thread sums `vector` neighbours. */
template <int vector, Values kValues>
__global__ void __launch_bounds__(kSumThreads, kSumBlocks)
    sum_parts_kernel(void* result,                     // (elements)
                     const float* __restrict__ parts,  // (splits, elements)
                     int64_t elements, int splits, const __grid_constant__ EpilogueCode epilogue) {
  const int64_t first = (int64_t{blockIdx.x} * kSumThreads + threadIdx.x) * vector;
  if (first >= elements) return;
  float4 sums = make_float4(0.f, 0.f, 0.f, 0.f);
  for (int part = 0; part < splits; part++) {
    const float* source = parts + part * elements + first;
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
void sum_parts(const Resulting& result, const float* parts, int splits, const EpilogueCode& epilogue, cudaStream_t stream) {
  const auto [data, elements, element, values] = result;
  const int vector = elements % 4 == 0 && is_aligned_16(data) && is_aligned_16(parts) ? 4 : 1;
  const auto blocks = static_cast<unsigned>(ceil_div<int64_t>(elements, int64_t{kSumThreads} * vector));
  const auto kernel = vector == 4 ? sum_parts_kernel<4, kValues> : sum_parts_kernel<1, kValues>;
  launch(kernel, dim3(blocks), dim3(kSumThreads), 0, stream, data, parts, elements, splits, epilogue);
}

void sum_parts(const Resulting& result, const float* parts, int splits, const EpilogueCode& epilogue, cudaStream_t stream) {
  const auto launcher = result.values == Values::kMixed ? sum_parts<Values::kMixed> : sum_parts<Values::kFloat32>;
  launcher(result, parts, splits, epilogue, stream);
}

bool is_supported(const Epilogue& epilogue) { return Epilogues::number_of(epilogue) >= 0; }

EpilogueCode encode(const Epilogue& epilogue, int64_t elements) {
  const Expression& expression = epilogue.expression;
  EpilogueCode code{};
  code.number = Epilogues::number_of(epilogue);
  code.result = epilogue.result;
  if (code.number == 0) return code;
  for (int i = 0; i < expression.operand_count; i++) {
    code.operands[i] = make_operand(expression, i, expression.access[i], static_cast<unsigned>(elements));
  }
  for (int i = 0; i < expression.instruction_count; i++) code.values[i] = expression.instructions[i].value;
  return code;
}

}  // namespace gannet::kernels
