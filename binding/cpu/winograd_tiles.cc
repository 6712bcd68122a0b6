#include "cpu/winograd_tiles.h"

#include <algorithm>

namespace gannet {

namespace {

// The language rounds towards zero.
int64_t ceil_divide(int64_t value, int64_t by) { return value > 0 ? (value + by - 1) / by : value / by; }
int64_t floor_divide(int64_t value, int64_t by) { return -ceil_divide(-value, by); }

/** A phase along one axis. */
struct AxisPhase {
  int64_t read, written;
  std::array<int64_t, kTapSide> taps;
};

/** y[p] = sum over r of x[stride p + r - before] w[r]: every phase has the taps r = stride i + phase. */
std::vector<AxisPhase> convolution_axis(int64_t stride, int64_t before, int64_t window) {
  std::vector<AxisPhase> phases;
  if (window > kTapSide * stride) return phases;
  for (int64_t phase = 0; phase < std::min(stride, window); phase++) {
    AxisPhase& added = phases.emplace_back(AxisPhase{phase - before, 0, {}});
    for (int64_t i = 0; i < kTapSide; i++) {
      const int64_t tap = stride * i + phase;
      added.taps[static_cast<size_t>(i)] = tap < window ? tap : -1;
    }
  }
  return phases;
}

/** dx[stride u + phase] = sum over r of dy[u + (phase + before - r) / stride] w[r] where that divides. */
std::vector<AxisPhase> gradient_axis(int64_t stride, int64_t before, int64_t window, int64_t length) {
  std::vector<AxisPhase> phases;
  const int64_t count = std::min(stride, length);
  const int64_t first = ceil_divide(before - window + 1, stride), last = floor_divide(count - 1 + before, stride);
  if (last - first >= kTapSide) return phases;
  for (int64_t phase = 0; phase < count; phase++) {
    AxisPhase& added = phases.emplace_back(AxisPhase{first, phase, {}});
    for (int64_t i = 0; i < kTapSide; i++) {
      const int64_t tap = phase + before - stride * (first + i);
      added.taps[static_cast<size_t>(i)] = tap >= 0 && tap < window ? tap : -1;
    }
  }
  return phases;
}

/** Every pair of a phase of the rows and one of the columns. */
std::vector<Phase> join_axes(const std::vector<AxisPhase>& rows, const std::vector<AxisPhase>& columns, int64_t window_columns) {
  std::vector<Phase> phases;
  for (const AxisPhase& row : rows) {
    for (const AxisPhase& column : columns) {
      Phase& phase = phases.emplace_back(Phase{row.read, column.read, row.written, column.written, {}});
      for (size_t i = 0; i < phase.taps.size(); i++) {
        const int64_t r = row.taps[i / kTapSide], s = column.taps[i % kTapSide];
        phase.taps[i] = r < 0 || s < 0 ? -1 : r * window_columns + s;
      }
    }
  }
  return phases;
}

/** Where a tile lies. */
struct Place {
  int64_t image, row, column;

  Place(const TiledConvolution& convolution, int64_t tile)
      : image(tile / (convolution.tiles_h * convolution.tiles_w)),
        row(tile / convolution.tiles_w % convolution.tiles_h * kWrittenSide),
        column(tile % convolution.tiles_w * kWrittenSide) {}
};

/** Addresses of a square of pixels, the first of which is pixel (row, column) of the image; the next ones lie a step further. */
template <int64_t kSide, typename Float>
void square_of_pixels(Float** pixels, Float* image, const TiledImages& images, int64_t row, int64_t column, Float* outside) {
  for (int64_t i = 0; i < kSide; i++, row += images.step_h) {
    const bool inside = row >= 0 && row < images.h;
    for (int64_t j = 0, at = column; j < kSide; j++, at += images.step_w) {
      *pixels++ = inside && at >= 0 && at < images.w ? image + (row * images.w + at) * images.channels : outside;
    }
  }
}

}  // namespace

std::optional<TiledConvolution> tiled_convolution(const WindowGeometry& g) {
  const auto rows = convolution_axis(g.stride_h, g.top, g.r), columns = convolution_axis(g.stride_w, g.left, g.s);
  if (rows.empty() || columns.empty()) return std::nullopt;
  return TiledConvolution{.images = g.n,
                          .read = {.h = g.h, .w = g.w, .channels = g.c, .step_h = g.stride_h, .step_w = g.stride_w},
                          .written = {.h = g.p, .w = g.q, .channels = g.k, .step_h = 1, .step_w = 1},
                          .phases = join_axes(rows, columns, g.s),
                          .summed = true,
                          .tiles_h = ceil_divide(g.p, kWrittenSide),
                          .tiles_w = ceil_divide(g.q, kWrittenSide)};
}

std::optional<TiledConvolution> tiled_input_gradient(const WindowGeometry& g) {
  const auto rows = gradient_axis(g.stride_h, g.top, g.r, g.h), columns = gradient_axis(g.stride_w, g.left, g.s, g.w);
  if (rows.empty() || columns.empty()) return std::nullopt;
  return TiledConvolution{.images = g.n,
                          .read = {.h = g.p, .w = g.q, .channels = g.k, .step_h = 1, .step_w = 1},
                          .written = {.h = g.h, .w = g.w, .channels = g.c, .step_h = g.stride_h, .step_w = g.stride_w},
                          .phases = join_axes(rows, columns, g.s),
                          .summed = false,
                          .tiles_h = ceil_divide(ceil_divide(g.h, g.stride_h), kWrittenSide),
                          .tiles_w = ceil_divide(ceil_divide(g.w, g.stride_w), kWrittenSide)};
}

void read_pixels(const float** pixels, const TiledConvolution& convolution, const Phase& phase, int64_t tile, const float* x,
                 const float* outside) {
  const TiledImages& read = convolution.read;
  const Place place(convolution, tile);
  square_of_pixels<kReadSide>(pixels, x + place.image * read.floats(), read, place.row * read.step_h + phase.read_row,
                              place.column * read.step_w + phase.read_column, outside);
}

template <typename Float>
void written_pixels(Float** pixels, const TiledConvolution& convolution, const Phase& phase, int64_t tile, Float* y, Float* outside) {
  const TiledImages& written = convolution.written;
  const Place place(convolution, tile);
  square_of_pixels<kWrittenSide>(pixels, y + place.image * written.floats(), written, place.row * written.step_h + phase.written_row,
                                 place.column * written.step_w + phase.written_column, outside);
}

template void written_pixels(float**, const TiledConvolution&, const Phase&, int64_t, float*, float*);
template void written_pixels(const float**, const TiledConvolution&, const Phase&, int64_t, const float*, const float*);

}  // namespace gannet
