#pragma once

#include "cpu/panels.h"
#include "cpu/parallel.h"
#include "cpu/vector/kernels.h"
#include "cpu/winograd_tiles.h"

namespace gannet {

/** How transformed numbers lie in memory: a matrix [rows,columns] for each point. The matrices and their rows end with a few numbers that
 *  nothing is in, or lines at the same place of several rows or matrices would share a set of the cache. */
struct PointMatrices {
  int64_t row, point;

  PointMatrices(int64_t rows, int64_t columns, int64_t width) : row(strips_of(columns, width) * width + kLine), point(rows * row + kLine) {}

  int64_t floats() const { return kPoints * point; }

  template <typename Float>
  void addresses(Float** points, Float* first) const {
    for (int64_t i = 0; i < kPoints; i++) points[i] = first + i * point;
  }

 private:
  static constexpr int64_t kLine = 16;
};

/** Transforms tiles `tiles` of the images x for the phase into consecutive rows of the matrices v. */
inline void transform_images(const WinogradTransforms& winograd, const TiledConvolution& convolution, const Phase& phase, Range tiles,
                             const float* x, const float* outside, float* v, const PointMatrices& matrices) {
  for (int64_t tile = tiles.begin; tile < tiles.end; tile++, v += matrices.row) {
    const float* pixels[kPoints];
    float* points[kPoints];
    read_pixels(pixels, convolution, phase, tile, x, outside);
    matrices.addresses(points, v);
    winograd.image(points, pixels, convolution.read.channels);
  }
}

}  // namespace gannet
