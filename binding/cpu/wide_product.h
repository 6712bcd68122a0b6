#pragma once

#include "cpu/kernel.h"
#include "cpu/matmul.h"
#include "cpu/parallel.h"

// Products of a few hundred rows at most with a wide matrix, such as the linear layers of a network and a generator's filter gradient. Without
// AVX-512 oneDNN takes them at half the speed of others. Here every thread copies some columns of the wide matrix at a time into strips, and
// multiplies all rows with them while they are in a cache. No bit depends on the number of threads.
namespace gannet {

/** Whether the product is of that kind. */
bool is_wide(const MatrixProduct& product, const VectorKernels& vector);

/** a [m,k] b [k,n] -> c [m,n]. */
class WideProduct {
 public:
  WideProduct(const MatrixProduct& product, const VectorKernels& vector) : product_(product), vector_(vector) {}

  size_t workspace_bytes(int threads) const;

  void run(const Run& run, float* c, const float* a, const float* b) const;

 private:
  void multiply_columns(Range columns, float* c, const float* a, const float* b, float* panel) const;

  MatrixProduct product_;
  const VectorKernels& vector_;
};

}  // namespace gannet
