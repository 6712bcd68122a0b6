#include "kernel.h"

namespace gannet {

const KernelTable& kernel_table() {
  static const KernelTable table = [] {
    KernelTable result;
    add_expression_kernels(result);
    add_reduce_kernels(result);
    add_movement_kernels(result);
    add_matmul_kernels(result);
    add_convolution_kernels(result);
    add_pooling_kernels(result);
    add_gather_kernels(result);
    add_linalg_kernels(result);
    add_similarity_kernels(result);
    add_random_kernels(result);
    add_update_kernels(result);
    add_rank_kernels(result);
    return result;
  }();
  return table;
}

}  // namespace gannet
