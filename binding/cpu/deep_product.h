#pragma once

#include "cpu/kernel.h"
#include "cpu/matmul.h"
#include "cpu/parallel.h"

// Products with a small result and a long inner axis, such as the input gradient of a generator's first layer. oneDNN shares out rows
// and columns, of which there are few, and gets slower with every thread. Here the inner axis is cut into pieces by the shape alone;
// each is a product of one thread, and their results are summed in order, so that no bit depends on the number of threads.
namespace gannet {

/** Whether the inner axis is so long beside the result that cutting it pays. */
bool is_deep(const MatrixProduct& product);

/** a [m,k] b [k,n] -> c [m,n]. */
class DeepProduct {
 public:
  explicit DeepProduct(const MatrixProduct& product);

  size_t workspace_bytes(int threads) const;

  /** @throws dnnl::error */
  void run(const Run& run, float* c, const float* a, const float* b) const;

 private:
  /** The operand whose rows are turned into columns on the way, for oneDNN takes several times as long where both lie along the inner axis. */
  enum class Turned { kNone, kLeft, kRight };

  dnnl_status_t multiply_piece(int64_t piece, const float* a, const float* b, float* turned, float* partial) const;
  dnnl_status_t multiply(Range depth, const float* a, const float* b, float* turned, float* partial, float beta) const;
  void sum_pieces(const Run& run, float* c, const float* partials) const;

  int64_t results() const { return product_.m * product_.n; }
  size_t turned_bytes() const;

  MatrixProduct product_;
  Turned turned_;
  int64_t piece_depth_, pieces_;
};

}  // namespace gannet
