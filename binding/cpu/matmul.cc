#include "cpu/kernel.h"
#include "error.h"

namespace gannet {

namespace {

/** a [M,K] b [K,N] -> [M,N], either transposed in memory. */
Kernel matmul(const Step& step, Build&) {
  const Shape& a = step.inputs[0].shape;
  const Shape& b = step.inputs[1].shape;
  const bool ta = step.attributes.transpose_a, tb = step.attributes.transpose_b;
  const dnnl_dim_t m = step.output.shape[0], n = step.output.shape[1], k = a[ta ? 0 : 1];
  return {[inputs = step.inputs, output = step.output, m, n, k, ta, tb, lda = a[1], ldb = b[1]](const Run& run) {
    const dnnl_status_t status = dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, run.input<float>(inputs[0]), lda,
                                            run.input<float>(inputs[1]), ldb, 0.0f, run.output<float>(output), n);
    if (status != dnnl_success) throw dnnl::error(status, "oneDNN's matrix multiplication failed");
  }};
}

}  // namespace

void add_matmul_kernels(KernelTable& table) { table["matmul"] = matmul; }

}  // namespace gannet
