#include "matmul.h"

#include <memory>

#include "cpu/deep_product.h"
#include "cpu/kernel.h"
#include "cpu/wide_product.h"

namespace gannet {

void MatrixProduct::run(float* c, const float* a, const float* b) const {
  const char ta = transpose_a ? 'T' : 'N', tb = transpose_b ? 'T' : 'N';
  const dnnl_status_t status = dnnl_sgemm(ta, tb, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, n);
  if (status != dnnl_success) throw dnnl::error(status, "the matrix product failed");
}

namespace {

Kernel matmul(const Step& step, Build& build) {
  const Shape& a = step.inputs[0].shape;
  const Shape& b = step.inputs[1].shape;
  const bool ta = step.attributes.transpose_a, tb = step.attributes.transpose_b;
  const MatrixProduct product{ta, tb, step.output.shape[0], step.output.shape[1], a[ta ? 0 : 1], a[1], b[1]};
  if (is_deep(product)) {
    const auto deep = std::make_shared<DeepProduct>(product);
    return {[inputs = step.inputs, output = step.output, deep](const Run& run) {
              deep->run(run, run.output<float>(output), run.input<float>(inputs[0]), run.input<float>(inputs[1]));
            },
            deep->workspace_bytes(build.threads)};
  }
  if (is_wide(product, build.vector)) {
    const auto wide = std::make_shared<WideProduct>(product, build.vector);
    return {[inputs = step.inputs, output = step.output, wide](const Run& run) {
              wide->run(run, run.output<float>(output), run.input<float>(inputs[0]), run.input<float>(inputs[1]));
            },
            wide->workspace_bytes(build.threads)};
  }
  return {[inputs = step.inputs, output = step.output, product](const Run& run) {
    product.run(run.output<float>(output), run.input<float>(inputs[0]), run.input<float>(inputs[1]));
  }};
}

}  // namespace

void add_matmul_kernels(KernelTable& table) { table[Op::kMatmul] = matmul; }

}  // namespace gannet
