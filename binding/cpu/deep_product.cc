#include "cpu/deep_product.h"

#include <algorithm>
#include <atomic>

#include "cpu/memory.h"
#include "cpu/panels.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

/** Inner axes from here on are worth cutting, for results of no more than so many numbers. */
constexpr int64_t kDeep = 4096, kMostResults = int64_t{64} * 1024;
/** With fewer rows or columns it is nearly a product of a matrix and a vector, which oneDNN reads as fast as memory gives it. */
constexpr int64_t kFewestRows = 4;
/** Enough pieces for the threads of a large machine. */
constexpr int64_t kMostPieces = 16;
/** How much of an operand is turned at a time, to be multiplied while it is in a cache; pieces are multiples of it. */
constexpr int64_t kTurnedDepth = 256;
/** Rows from which on turning pays, the width of a vector. */
constexpr int64_t kFewestTurned = 16;

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

bool is_deep(const MatrixProduct& product) {
  return product.k >= kDeep && product.m * product.n <= kMostResults && std::min(product.m, product.n) >= kFewestRows;
}

DeepProduct::DeepProduct(const MatrixProduct& product) : product_(product), turned_(Turned::kNone) {
  const bool along_depth = !product.transpose_a && product.transpose_b;
  if (along_depth && std::min(product.m, product.n) >= kFewestTurned) turned_ = product.m < product.n ? Turned::kLeft : Turned::kRight;
  piece_depth_ = round_up((product.k + kMostPieces - 1) / kMostPieces, kTurnedDepth);
  pieces_ = (product.k + piece_depth_ - 1) / piece_depth_;
}

size_t DeepProduct::turned_bytes() const {
  if (turned_ == Turned::kNone) return 0;
  return round_to_lines(static_cast<size_t>(kTurnedDepth * std::min(product_.m, product_.n)) * sizeof(float));
}

size_t DeepProduct::workspace_bytes(int threads) const {
  return turned_bytes() * static_cast<size_t>(threads) + static_cast<size_t>(pieces_ * results()) * sizeof(float);
}

void DeepProduct::run(const Run& run, float* c, const float* a, const float* b) const {
  float* partials = reinterpret_cast<float*>(run.workspace + turned_bytes() * static_cast<size_t>(run.threads));
  std::atomic<dnnl_status_t> status = dnnl_success;
  parallel_items(run.threads, pieces_, [&](int thread, int64_t piece) {
    float* turned = reinterpret_cast<float*>(run.workspace + turned_bytes() * static_cast<size_t>(thread));
    const dnnl_status_t result = multiply_piece(piece, a, b, turned, partials + piece * results());
    if (result != dnnl_success) status = result;
  });
  if (status != dnnl_success) throw dnnl::error(status, "the matrix product failed");
  sum_pieces(run, c, partials);
}

dnnl_status_t DeepProduct::multiply_piece(int64_t piece, const float* a, const float* b, float* turned, float* partial) const {
  const int64_t first = piece * piece_depth_, last = std::min(product_.k, first + piece_depth_);
  const int64_t step = turned_ == Turned::kNone ? piece_depth_ : kTurnedDepth;
  dnnl_status_t status = dnnl_success;
  for (int64_t at = first; at < last && status == dnnl_success; at += step) {
    status = multiply({at, std::min(last, at + step)}, a, b, turned, partial, at == first ? 0.0f : 1.0f);
  }
  return status;
}

/** partial [m,n] = beta partial + the products of a part of the inner axis; [n,m] if the left operand is turned: (b^T a^T) = (a b)^T. */
dnnl_status_t DeepProduct::multiply(Range depth, const float* a, const float* b, float* turned, float* partial, float beta) const {
  const auto& [transpose_a, transpose_b, m, n, k, lda, ldb] = product_;
  const int64_t count = depth.end - depth.begin;
  const float* left = a + (transpose_a ? depth.begin * lda : depth.begin);
  const float* right = b + (transpose_b ? depth.begin : depth.begin * ldb);
  if (turned_ == Turned::kLeft) {
    pack_rows(turned, left, m, lda, count, m);
    return dnnl_sgemm('N', 'N', n, m, count, 1.0f, right, ldb, turned, m, beta, partial, m);
  }
  if (turned_ == Turned::kRight) {
    pack_rows(turned, right, n, ldb, count, n);
    return dnnl_sgemm('N', 'N', m, n, count, 1.0f, left, lda, turned, n, beta, partial, n);
  }
  return dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, count, 1.0f, left, lda, right, ldb, beta, partial, n);
}

void DeepProduct::sum_pieces(const Run& run, float* c, const float* partials) const {
  const int64_t n = product_.n;
  const int64_t row_stride = turned_ == Turned::kLeft ? 1 : n, column_stride = turned_ == Turned::kLeft ? product_.m : 1;
  parallel_for(run.threads, product_.m, results() * pieces_, [&](int, Range rows) {
    for (int64_t i = rows.begin; i < rows.end; i++) {
      for (int64_t j = 0; j < n; j++) {
        const float* partial = partials + i * row_stride + j * column_stride;
        double sum = 0;
        for (int64_t piece = 0; piece < pieces_; piece++) sum += static_cast<double>(partial[piece * results()]);
        c[i * n + j] = static_cast<float>(sum);
      }
    }
  });
}

}  // namespace gannet
