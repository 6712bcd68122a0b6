#include "float64_product.h"

#include <omp.h>

#include <algorithm>

#include "cpu/memory.h"
#include "cpu/panels.h"
#include "cpu/parallel.h"
#include "cpu/vector/kernels.h"

namespace gannet {

namespace {

/** Blocks of a product: the strips of b stay in the second-level cache while a's rows pass by, and are read kRows / tile rows times. */
constexpr int64_t kColumns = 256, kRows = 64, kDepth = 256;
/** More than any tile has. */
constexpr int64_t kMostTileNumbers = int64_t{8} * 16;

/** One block of columns and of the inner axis, whose strips of b are packed. */
struct Block {
  double* c;
  int64_t c_stride, rows, columns, depth;
  const double* strips;
};

/** Adds a tile's sums to the rows and columns of c that are there. */
void add_tile(double* c, int64_t c_stride, const double* sums, int64_t rows, int64_t columns, int64_t width) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) c[i * c_stride + j] += sums[i * width + j];
  }
}

/** c [rows,columns] += the product of packed rows and the block's packed columns. */
void multiply_rows(const Block& block, int64_t first_row, int64_t rows, const double* packed_rows) {
  const Tile<double>& tile = vector_kernels().tile64;
  for (int64_t column = 0; column < block.columns; column += tile.columns) {
    const double* right = block.strips + column * block.depth;
    for (int64_t row = 0; row < rows; row += tile.rows) {
      const double* left = packed_rows + row * block.depth;
      double sums[kMostTileNumbers] = {};
      tile.multiply_add(sums, &left, &right, 1, block.depth);
      add_tile(block.c + (first_row + row) * block.c_stride + column, block.c_stride, sums, std::min(tile.rows, rows - row),
               std::min(tile.columns, block.columns - column), tile.columns);
    }
  }
}

}  // namespace

void add_product(double* c, const double* a, const double* b, int64_t rows, int64_t columns, int64_t depth) {
  const Tile<double>& tile = vector_kernels().tile64;
  const int threads = std::min(omp_get_max_threads(), omp_get_thread_limit());
  const size_t row_numbers = static_cast<size_t>(strips_of(kRows, tile.rows) * tile.rows * kDepth);
  const size_t column_numbers = static_cast<size_t>(strips_of(kColumns, tile.columns) * tile.columns * kDepth);
  const Memory memory(sizeof(double) * (column_numbers + static_cast<size_t>(threads) * row_numbers));
  double* strips = reinterpret_cast<double*>(memory.data());
  for (int64_t column = 0; column < columns; column += kColumns) {
    for (int64_t d = 0; d < depth; d += kDepth) {
      const Block block{
          .c = c + column,
          .c_stride = columns,
          .rows = rows,
          .columns = std::min(kColumns, columns - column),
          .depth = std::min(kDepth, depth - d),
          .strips = strips,
      };
      pack_rows(strips, b + column * depth + d, block.columns, depth, block.depth, tile.columns);
      parallel_items(threads, strips_of(rows, kRows), [&](int thread, int64_t item) {
        const int64_t first = item * kRows, count = std::min(kRows, rows - first);
        double* packed_rows = strips + column_numbers + static_cast<size_t>(thread) * row_numbers;
        pack_rows(packed_rows, a + first * depth + d, count, depth, block.depth, tile.rows);
        multiply_rows(block, first, count, packed_rows);
      });
    }
  }
}

}  // namespace gannet
