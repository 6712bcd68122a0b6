#include "cpu/winograd_tiles.h"

#include <algorithm>

namespace gannet {

namespace {

// The language rounds towards zero.
int64_t ceil_divide(int64_t value, int64_t by) { return value > 0 ? (value + by - 1) / by : value / by; }
int64_t floor_divide(int64_t value, int64_t by) { return -ceil_divide(-value, by); }

/** The side of the windows that those of the convolution fall into, or nothing where that is too long. */
std::optional<int64_t> tap_side(const WindowGeometry& g) {
  const int64_t side = std::max({int64_t{2}, ceil_divide(g.r, g.stride_h), ceil_divide(g.s, g.stride_w)});
  if (side > kMostTapSide) return std::nullopt;
  return side;
}

/** A phase along one axis. */
struct AxisPhase {
  int64_t read, written;
  std::array<int64_t, kMostTapSide> taps;

  bool has_tap(int64_t place) const { return taps[static_cast<size_t>(place)] >= 0; }
};

/** An axis in the direction in which it is read and written. */
struct Axis {
  std::vector<AxisPhase> phases;
  int64_t read_step, written_step;
};

/** y[p] = sum over r of x[stride p + r - before] w[r]: every phase has the taps r = stride i + phase. */
Axis convolution_axis(int64_t side, int64_t stride, int64_t before, int64_t window) {
  std::vector<AxisPhase> phases;
  for (int64_t phase = 0; phase < std::min(stride, window); phase++) {
    AxisPhase& added = phases.emplace_back(AxisPhase{phase - before, 0, {}});
    for (int64_t i = 0; i < side; i++) {
      const int64_t tap = stride * i + phase;
      added.taps[static_cast<size_t>(i)] = tap < window ? tap : -1;
    }
  }
  return {std::move(phases), stride, 1};
}

/** The same axis from its end: the first of the results is the last one of the last tile. */
Axis backwards(Axis axis, int64_t side, int64_t stride, int64_t length) {
  const int64_t last = ceil_divide(length, stride * kWrittenSide) * kWrittenSide - 1;
  for (AxisPhase& phase : axis.phases) {
    phase.read += last + side - 1;
    phase.written += stride * last;
    std::reverse(phase.taps.begin(), phase.taps.begin() + side);
  }
  return {std::move(axis.phases), -1, -stride};
}

/** dx[stride u + phase] = sum over r of dy[u + (phase + before - r) / stride] w[r] where that divides. All phases begin to read at the same
 *  pixel if their windows reach far enough, so that it is transformed once. The direction is the one in which fewer windows lack their last
 *  tap's place, where a point is left out. */
Axis gradient_axis(int64_t side, int64_t stride, int64_t before, int64_t window, int64_t length) {
  std::vector<AxisPhase> phases;
  const int64_t count = std::min(stride, length);
  const int64_t common = ceil_divide(before - window + 1, stride), last = floor_divide(count - 1 + before, stride);
  for (int64_t phase = 0; phase < count; phase++) {
    const int64_t first = last - common < side ? common : ceil_divide(phase + before - window + 1, stride);
    AxisPhase& added = phases.emplace_back(AxisPhase{first, phase, {}});
    for (int64_t i = 0; i < side; i++) {
      const int64_t tap = phase + before - stride * (first + i);
      added.taps[static_cast<size_t>(i)] = tap >= 0 && tap < window ? tap : -1;
    }
  }
  const auto having = [&](int64_t place) {
    return std::count_if(phases.begin(), phases.end(), [&](const AxisPhase& phase) { return phase.has_tap(place); });
  };
  const bool reverse = having(0) < having(side - 1);
  Axis forwards{std::move(phases), 1, stride};
  return reverse ? backwards(std::move(forwards), side, stride, length) : forwards;
}

/** Every pair of a phase of the rows and one of the columns. */
std::vector<Phase> join_axes(int64_t side, const Axis& rows, const Axis& columns, int64_t window_columns) {
  const auto taps = static_cast<size_t>(side);
  std::vector<Phase> phases;
  for (const AxisPhase& row : rows.phases) {
    for (const AxisPhase& column : columns.phases) {
      Phase& phase = phases.emplace_back(Phase{.read_row = row.read,
                                               .read_column = column.read,
                                               .written_row = row.written,
                                               .written_column = column.written,
                                               .taps = {},
                                               .last_row = row.has_tap(side - 1),
                                               .last_column = column.has_tap(side - 1)});
      for (size_t i = 0; i < taps * taps; i++) {
        const int64_t r = row.taps[i / taps], s = column.taps[i % taps];
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
template <typename Float>
void square_of_pixels(int64_t side, Float** pixels, Float* image, const TiledImages& images, int64_t row, int64_t column, Float* outside) {
  for (int64_t i = 0; i < side; i++, row += images.step_h) {
    const bool inside = row >= 0 && row < images.h;
    for (int64_t j = 0, at = column; j < side; j++, at += images.step_w) {
      *pixels++ = inside && at >= 0 && at < images.w ? image + (row * images.w + at) * images.channels : outside;
    }
  }
}

}  // namespace

bool TiledConvolution::reads_once() const {
  return std::all_of(phases.begin(), phases.end(), [&](const Phase& phase) {
    return phase.read_row == phases[0].read_row && phase.read_column == phases[0].read_column;
  });
}

int64_t TiledConvolution::products() const {
  int64_t count = 0;
  for (const Phase& phase : phases) {
    for (int64_t point = 0; point < points(); point++) count += counts(phase, point) ? 1 : 0;
  }
  return count;
}

std::optional<TiledConvolution> tiled_convolution(const WindowGeometry& g) {
  const std::optional<int64_t> side = tap_side(g);
  if (!side) return std::nullopt;
  const auto rows = convolution_axis(*side, g.stride_h, g.top, g.r), columns = convolution_axis(*side, g.stride_w, g.left, g.s);
  return TiledConvolution{.images = g.n,
                          .read = {.h = g.h, .w = g.w, .channels = g.c, .step_h = rows.read_step, .step_w = columns.read_step},
                          .written = {.h = g.p, .w = g.q, .channels = g.k, .step_h = rows.written_step, .step_w = columns.written_step},
                          .tap_side = *side,
                          .phases = join_axes(*side, rows, columns, g.s),
                          .summed = true,
                          .tiles_h = ceil_divide(g.p, kWrittenSide),
                          .tiles_w = ceil_divide(g.q, kWrittenSide)};
}

std::optional<TiledConvolution> tiled_input_gradient(const WindowGeometry& g) {
  const std::optional<int64_t> side = tap_side(g);
  if (!side) return std::nullopt;
  const auto rows = gradient_axis(*side, g.stride_h, g.top, g.r, g.h), columns = gradient_axis(*side, g.stride_w, g.left, g.s, g.w);
  return TiledConvolution{.images = g.n,
                          .read = {.h = g.p, .w = g.q, .channels = g.k, .step_h = rows.read_step, .step_w = columns.read_step},
                          .written = {.h = g.h, .w = g.w, .channels = g.c, .step_h = rows.written_step, .step_w = columns.written_step},
                          .tap_side = *side,
                          .phases = join_axes(*side, rows, columns, g.s),
                          .summed = false,
                          .tiles_h = ceil_divide(ceil_divide(g.h, g.stride_h), kWrittenSide),
                          .tiles_w = ceil_divide(ceil_divide(g.w, g.stride_w), kWrittenSide)};
}

void read_pixels(const float** pixels, const TiledConvolution& convolution, const Phase& phase, int64_t tile, const float* x,
                 const float* outside) {
  const TiledImages& read = convolution.read;
  const Place place(convolution, tile);
  square_of_pixels(convolution.read_side(), pixels, x + place.image * read.floats(), read, place.row * read.step_h + phase.read_row,
                   place.column * read.step_w + phase.read_column, outside);
}

template <typename Float>
void written_pixels(Float** pixels, const TiledConvolution& convolution, const Phase& phase, int64_t tile, Float* y, Float* outside) {
  const TiledImages& written = convolution.written;
  const Place place(convolution, tile);
  square_of_pixels(kWrittenSide, pixels, y + place.image * written.floats(), written, place.row * written.step_h + phase.written_row,
                   place.column * written.step_w + phase.written_column, outside);
}

template void written_pixels(float**, const TiledConvolution&, const Phase&, int64_t, float*, float*);
template void written_pixels(const float**, const TiledConvolution&, const Phase&, int64_t, const float*, const float*);

}  // namespace gannet
