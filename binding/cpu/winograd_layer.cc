#include "cpu/winograd_layer.h"

#include <algorithm>

namespace gannet {

namespace {

/** target [columns, rows] = source [rows, columns]; both are at most kTransposed. */
void transpose(float* target, int64_t target_row, const float* source, int64_t source_row, int64_t rows, int64_t columns) {
  for (int64_t column = 0; column < columns; column++) {
    for (int64_t row = 0; row < rows; row++) target[column * target_row + row] = source[row * source_row + column];
  }
}

}  // namespace

WinogradLayer::WinogradLayer(TiledConvolution convolution, FilterOrder order, int64_t filter_taps, const VectorKernels& vector)
    : convolution_(std::move(convolution)),
      order_(order),
      filter_taps_(filter_taps),
      strip_(vector.tile.columns),
      transforms_(transforms_of(convolution_, vector)),
      reads_once_(convolution_.reads_once()),
      zeros_(static_cast<size_t>(std::max(channels(), columns())), 0.0f) {}

void WinogradLayer::read_images(const Run& run, int64_t pass, Range tiles, float* images, const PointMatrices& matrices,
                                const float* x) const {
  if (pass > 0 && reads_once_) return;
  const int64_t count = tiles.end - tiles.begin;
  parallel_for(run.threads, count, count * points() * depth(), [&](int, Range range) {
    float* first = images + range.begin * matrices.row;
    const Range phases = phases_of(pass);
    for (int64_t i = phases.begin; i < phases.end; i++, first += channels()) {
      const auto transform = transforms_.image.with[reads_once_ || phase(i).last_row][reads_once_ || phase(i).last_column];
      transform_images(transform, convolution_, phase(i), {tiles.begin + range.begin, tiles.begin + range.end}, x, zeros_.data(), first,
                       matrices);
    }
  });
}

void WinogradLayer::read_filter(int64_t phase_index, Range rows, Range block, float* filters, const PointMatrices& matrices, const float* w,
                                float* scratch) const {
  const Phase& phase = this->phase(phase_index);
  const int64_t width = block.end - block.begin;
  if (order_ == FilterOrder::kTransposed) transpose_taps(phase, rows, block, w, scratch);
  for (int64_t row = rows.begin; row < rows.end; row++, filters += matrices.row) {
    const float* taps[kMostTaps];
    float* points[kMostPoints];
    for (int64_t i = 0; i < convolution_.taps(); i++) {
      const int64_t tap = phase.taps[static_cast<size_t>(i)];
      if (tap < 0) {
        taps[i] = zeros_.data();
      } else if (order_ == FilterOrder::kTransposed) {
        taps[i] = scratch + (i * kTransposed + row - rows.begin) * width;
      } else {
        taps[i] = w + (row * filter_taps_ + tap) * columns() + block.begin;
      }
    }
    matrices.addresses(points, filters);
    transforms_.filter.with[phase.last_row][phase.last_column](points, taps, width, matrices.strip);
  }
}

/** target [taps, rows, block] = w [K, taps, C] where `rows` are of C and `block` of K. */
void WinogradLayer::transpose_taps(const Phase& phase, Range rows, Range block, const float* w, float* target) const {
  const int64_t width = block.end - block.begin;
  for (int64_t i = 0; i < convolution_.taps(); i++, target += kTransposed * width) {
    const int64_t tap = phase.taps[static_cast<size_t>(i)];
    if (tap < 0) continue;
    for (int64_t first = block.begin; first < block.end; first += kTransposed) {
      const float* source = w + (first * filter_taps_ + tap) * channels() + rows.begin;
      transpose(target + first - block.begin, width, source, filter_taps_ * channels(), std::min(kTransposed, block.end - first),
                rows.end - rows.begin);
    }
  }
}

void WinogradLayer::write_tile(int64_t pass, int64_t tile, Range block, float* y, const float* sums, const PointMatrices& matrices,
                               float* scratch) const {
  const float* points[kMostPoints];
  float* pixels[kWrittenPixels];
  sum_addresses(points, convolution_, phases_of(pass), matrices, sums, zeros_.data());
  written_pixels(pixels, convolution_, phase(phases_of(pass).begin), tile, y + block.begin, scratch);
  transforms_.result(pixels, points, block.end - block.begin, strip_);
}

}  // namespace gannet
