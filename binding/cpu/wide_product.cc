#include "cpu/wide_product.h"

#include <algorithm>

#include "cpu/panels.h"

namespace gannet {

namespace {

/** Columns, and a part of the inner axis, that are copied at a time. */
constexpr int64_t kPanelColumns = 128, kPanelDepth = 256;
/** With fewer rows the copy takes longer than the products, and more rows oneDNN copies itself. */
constexpr int64_t kFewestRows = 24, kMostRows = 448;
/** The fewest columns that are worth sharing out. */
constexpr int64_t kFewestColumns = 1024;

}  // namespace

bool is_wide(const MatrixProduct& product, const VectorKernels& vector) {
  return !has_avx512(vector) && !product.transpose_b && product.m >= kFewestRows && product.m <= kMostRows && product.n >= kFewestColumns &&
         product.n % vector.tile.columns == 0;
}

size_t WideProduct::workspace_bytes(int threads) const {
  return sizeof(float) * static_cast<size_t>(threads * kPanelColumns * std::min(kPanelDepth, product_.k));
}

void WideProduct::run(const Run& run, float* c, const float* a, const float* b) const {
  const int64_t panel_floats = kPanelColumns * std::min(kPanelDepth, product_.k);
  parallel_for(run.threads, strips_of(product_.n, kPanelColumns), product_.m * product_.n * product_.k, [&](int thread, Range panels) {
    float* panel = reinterpret_cast<float*>(run.workspace) + thread * panel_floats;
    for (int64_t i = panels.begin; i < panels.end; i++) {
      const Range columns{i * kPanelColumns, std::min((i + 1) * kPanelColumns, product_.n)};
      multiply_columns(columns, c, a, b, panel);
    }
  });
}

void WideProduct::multiply_columns(Range columns, float* c, const float* a, const float* b, float* panel) const {
  const int64_t width = vector_.tile.columns, row = product_.transpose_a ? 1 : product_.lda, step = product_.transpose_a ? product_.lda : 1;
  for (int64_t first = 0; first < product_.k; first += kPanelDepth) {
    const int64_t depth = std::min(kPanelDepth, product_.k - first);
    pack_columns(panel, b + first * product_.ldb + columns.begin, columns.end - columns.begin, product_.ldb, depth, width);
    vector_.multiply_strips({.c = c + columns.begin,
                             .c_row = product_.n,
                             .a = a + first * step,
                             .a_row = row,
                             .a_depth = step,
                             .b = panel,
                             .b_strip = depth * width,
                             .rows = product_.m,
                             .depth = depth,
                             .strips = (columns.end - columns.begin) / width,
                             .add = first > 0});
  }
}

}  // namespace gannet
