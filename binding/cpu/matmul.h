#pragma once

#include <cstdint>

namespace gannet {

/** A row-major matrix product a [m,k] b [k,n] -> c [m,n]; the operands may be transposed in memory, and lda and ldb are the
 *  lengths of their rows there. @throws dnnl::error */
struct MatrixProduct {
  bool transpose_a, transpose_b;
  int64_t m, n, k;
  int64_t lda, ldb;

  void run(float* c, const float* a, const float* b) const;
};

}  // namespace gannet
