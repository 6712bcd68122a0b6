#include "cuda/products.h"
#include "error.h"

namespace gannet::cuda {

namespace {

kernels::MatmulShape shape_of(const Step& step) {
  const Attributes& a = step.attributes;
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  return {.rows = to_int(step.output.shape[0]),
          .columns = to_int(step.output.shape[1]),
          .reduction = to_int(step.inputs[0].shape[a.transpose_a ? 0 : 1]),
          .transpose_a = a.transpose_a,
          .transpose_b = a.transpose_b};
}

/** a [M,L], b [L,N] -> [M,N]; either may lie transposed. */
Kernel matmul(const Step& step, const Build& build) {
  const kernels::MatmulShape shape = shape_of(step);
  const kernels::OperandElements elements = elements_of(step);
  if (const char* refusal = matmul_refusal(step, elements)) throw Error("shape_unsupported", refusal);
  const kernels::ProductConfig config = kernels::choose_matmul(shape, build.precision, build.gpu, elements);
  return product_kernel(step, build, shape, config, !shape.transpose_a, kernels::matmul);
}

}  // namespace

const char* matmul_refusal(const Step& step, const kernels::OperandElements& elements) {
  return kernels::matmul_refusal(shape_of(step), elements);
}

void add_matmul_kernels(KernelTable& table) { table[Op::kMatmul] = matmul; }

}  // namespace gannet::cuda
