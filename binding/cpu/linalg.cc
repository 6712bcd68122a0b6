#include <cmath>
#include <cstring>

#include "cpu/kernel.h"

namespace gannet {

namespace {

/** A pivot below this part of its diagonal element is rounding: the column depends on those before it. */
constexpr double kDependent = 1e-5;

/** a [n,n] -> lower triangular L [n,n] with L L^T = a, column by column (Cholesky and Banachiewicz). Dependent columns are 0. */
Kernel cholesky(const Step& step, Build&) {
  return {[step](const Run& run) {
    const float* a = run.input<float>(step.inputs[0]);
    float* l = run.output<float>(step.output);
    const int64_t n = step.output.shape[0];
    std::memset(l, 0, static_cast<size_t>(step.output.bytes()));
    const auto dot = [&](int64_t i, int64_t j) {
      double sum = 0;
      for (int64_t k = 0; k < j; k++) sum += double(l[i * n + k]) * double(l[j * n + k]);
      return sum;
    };
    for (int64_t j = 0; j < n; j++) {
      const double diagonal = a[j * n + j], pivot = diagonal - dot(j, j);
      if (!(pivot > kDependent * diagonal)) continue;
      const double root = std::sqrt(pivot);
      l[j * n + j] = float(root);
      for (int64_t i = j + 1; i < n; i++) l[i * n + j] = float((a[i * n + j] - dot(i, j)) / root);
    }
  }};
}

}  // namespace

void add_linalg_kernels(KernelTable& table) { table[Op::kCholesky] = cholesky; }

}  // namespace gannet
