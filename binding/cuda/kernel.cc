#include "cuda/kernel.h"

#include <limits>

#include "error.h"

namespace gannet::cuda {

const KernelTable& kernel_table() {
  static const KernelTable table = [] {
    KernelTable result;
    add_convolution_kernels(result);
    add_matmul_kernels(result);
    add_linalg_kernels(result);
    add_expression_kernels(result);
    add_movement_kernels(result);
    add_pooling_kernels(result);
    add_lookup_kernels(result);
    add_random_kernels(result);
    add_norm_kernels(result);
    add_update_kernels(result);
    return result;
  }();
  return table;
}

int narrow(int64_t size) {
  if (size > std::numeric_limits<int>::max()) {
    throw Error("shape_unsupported", text("the kernels count in 31 bits, but a size is ", size, "; use a smaller batch"));
  }
  return static_cast<int>(size);
}

}  // namespace gannet::cuda
