#pragma once

#include <algorithm>

#include "cpu/kernel.h"
#include "cpu/panels.h"
#include "cpu/parallel.h"
#include "cpu/vector/kernels.h"
#include "cpu/winograd_tiles.h"

namespace gannet {

/** Transformed numbers of tiles that are worked on at once, if those are more than so many tiles: they shall stay in a third-level cache. */
inline constexpr int64_t kTileNumbers = int64_t{2} << 20, kFewestTiles = 128;
/** The same where each part of the tiles costs transforming the filter anew: the main memory is faster than that. */
inline constexpr int64_t kTileNumbersPerFilter = 8 * kTileNumbers;
/** Transformed numbers of filters that are worked on at once. */
inline constexpr int64_t kFilterNumbers = int64_t{5} << 19;
/** Products that are summed before the sums go back to memory: so many rows of a strip stay in the first-level cache. */
inline constexpr int64_t kSummedDepth = 256;
/** Strips of columns of one point that a thread works on at a time: so many stay in a second-level cache with the rows. */
inline constexpr int64_t kStripsAtOnce = 8;

/** Parts of at most `most` items, as even as they can be: the items of one. */
inline int64_t even_part(int64_t items, int64_t most) { return strips_of(items, strips_of(items, most)); }

/** The items of whole strips that hold so many. */
inline int64_t whole_strips(int64_t items, int64_t width) { return strips_of(items, width) * width; }

/** How transformed numbers lie in memory: a matrix [rows,columns] for each point, cut into strips of columns as wide as a tile. Number
 *  (r, c) of a matrix is at r * row + c / width * strip + c % width. Rows, strips and matrices end with a few numbers that nothing is in, or
 *  lines at the same place of several of them would share a set of the cache. */
struct PointMatrices {
  int64_t points, row, strip, point;

  /** Each row lies densely. */
  static PointMatrices in_rows(int64_t points, int64_t rows, int64_t columns, int64_t width) {
    const int64_t row = whole_strips(columns, width) + kLine;
    return {.points = points, .row = row, .strip = width, .point = rows * row + kLine};
  }

  /** Each strip [rows,width] lies densely. */
  static PointMatrices in_strips(int64_t points, int64_t rows, int64_t columns, int64_t width) {
    const int64_t strip = rows * width + kLine;
    return {.points = points, .row = width, .strip = strip, .point = strips_of(columns, width) * strip + kLine};
  }

  int64_t floats() const { return points * point; }

  template <typename Float>
  void addresses(Float** at, Float* first) const {
    for (int64_t i = 0; i < points; i++) at[i] = first + i * point;
  }

 private:
  static constexpr int64_t kLine = 16;
};

/** The left matrices of a product: numbers of a row lie `depth` apart, rows `row`, points `point`. Each `strip_rows` rows are a strip, and
 *  strips lie `strip` apart. */
struct LeftMatrices {
  const float* data;
  int64_t row, depth, strip_rows, strip, point;
};

/** A product for every point. Its depth consists of phases that lie behind each other; the sums of those that count at a point are added to
 *  the results there, or replace them. */
struct PointProducts {
  const TiledConvolution& convolution;
  Range phases;
  int64_t rows, columns, phase_depth;
  bool add;

  bool counts(int64_t phase, int64_t point) const { return convolution.counts(convolution.phases[static_cast<size_t>(phase)], point); }

  /** Calls body(range) for every range of the depth that is summed at a point. */
  template <typename Body>
  void for_depth(int64_t point, Body body) const {
    for (int64_t first = phases.begin; first < phases.end; first++) {
      int64_t end = first;
      while (end < phases.end && counts(end, point)) end++;
      if (end == first) continue;
      body(Range{(first - phases.begin) * phase_depth, (end - phases.begin) * phase_depth});
      first = end;
    }
  }
};

/** The addresses of a row of sums of phases at every point; `zeros` where none of them counts, and no sum was written. */
inline void sum_addresses(const float** at, const TiledConvolution& convolution, Range phases, const PointMatrices& sums, const float* row,
                          const float* zeros) {
  sums.addresses(at, row);
  for (int64_t point = 0; point < sums.points; point++) {
    if (!convolution.any_counts(phases, point)) at[point] = zeros;
  }
}

/** c [rows,columns] = a [rows,depth] b [depth,columns] for some strips of a point; c lies in rows, b in strips. */
inline void multiply_point(const VectorKernels& vector, const PointProducts& product, int64_t point, Range strips, float* c,
                           const PointMatrices& results, const LeftMatrices& a, const float* b, const PointMatrices& right) {
  bool add = product.add;
  product.for_depth(point, [&](Range range) {
    for (int64_t depth = range.begin; depth < range.end; depth += kSummedDepth, add = true) {
      for (int64_t row = 0; row < product.rows; row += a.strip_rows) {
        vector.multiply_strips({.c = c + point * results.point + row * results.row + strips.begin * vector.tile.columns,
                                .c_row = results.row,
                                .a = a.data + point * a.point + row / a.strip_rows * a.strip + depth * a.depth,
                                .a_row = a.row,
                                .a_depth = a.depth,
                                .b = b + point * right.point + strips.begin * right.strip + depth * right.row,
                                .b_strip = right.strip,
                                .rows = std::min(a.strip_rows, product.rows - row),
                                .depth = std::min(kSummedDepth, range.end - depth),
                                .strips = strips.end - strips.begin,
                                .add = add});
      }
    }
  });
}

/** The same for every point and all strips, in parallel. */
inline void multiply_points(const Run& run, const VectorKernels& vector, const PointProducts& product, float* c,
                            const PointMatrices& results, const LeftMatrices& a, const float* b, const PointMatrices& right) {
  const int64_t strips = strips_of(product.columns, vector.tile.columns), groups = strips_of(strips, kStripsAtOnce);
  parallel_items(run.threads, results.points * groups, [&](int, int64_t item) {
    const int64_t first = item % groups * kStripsAtOnce;
    const Range group{first, std::min(first + kStripsAtOnce, strips)};
    multiply_point(vector, product, item / groups, group, c, results, a, b, right);
  });
}

inline const WinogradTransforms& transforms_of(const TiledConvolution& convolution, const VectorKernels& vector) {
  return convolution.tap_side == 2 ? *vector.winograd_2x2 : *vector.winograd_3x3;
}

/** Transforms tiles `tiles` of the images x for the phase into consecutive rows of the matrices v. */
inline void transform_images(WinogradTransforms::Transform transform, const TiledConvolution& convolution, const Phase& phase, Range tiles,
                             const float* x, const float* outside, float* v, const PointMatrices& matrices) {
  for (int64_t tile = tiles.begin; tile < tiles.end; tile++, v += matrices.row) {
    const float* pixels[kMostPoints];
    float* points[kMostPoints];
    read_pixels(pixels, convolution, phase, tile, x, outside);
    matrices.addresses(points, v);
    transform(points, pixels, convolution.read.channels, matrices.strip);
  }
}

}  // namespace gannet
