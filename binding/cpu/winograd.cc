#include "cpu/winograd.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/memory.h"
#include "cpu/winograd_filter_gradient.h"
#include "cpu/winograd_points.h"

namespace gannet {

namespace {

int64_t round_up(int64_t value, int64_t multiple) { return strips_of(value, multiple) * multiple; }

/** How a filter w [K, taps, C] is read: as matrices [C,K] of a convolution, or as matrices [K,C] of its input gradient. */
enum class FilterOrder { kTransposed, kPlain };

/** A convolution or its input gradient. */
class WinogradProducts {
 public:
  WinogradProducts(TiledConvolution convolution, FilterOrder order, int64_t filter_taps, const VectorKernels& vector)
      : convolution_(std::move(convolution)),
        order_(order),
        filter_taps_(filter_taps),
        vector_(vector),
        transforms_(transforms_of(convolution_, vector)),
        reads_once_(convolution_.reads_once()),
        depth_(convolution_.read.channels * phases() / passes()),
        columns_(convolution_.written.channels),
        block_(block_columns()),
        tiles_at_once_(choose_tiles()),
        images_(points(), tiles_at_once_, depth_, width()),
        filters_(points(), depth_, block_, width()),
        results_(points(), tiles_at_once_, block_, width()),
        zeros_(static_cast<size_t>(std::max(convolution_.read.channels, block_)), 0.0f) {}

  size_t workspace_bytes(int threads) const {
    return sizeof(float) * static_cast<size_t>(images_.floats() + filters_.floats() + results_.floats() + threads * scratch_floats());
  }

  void run(const Run& run, float* y, const float* x, const float* w) const {
    float* images = reinterpret_cast<float*>(run.workspace);
    float* filters = images + images_.floats();
    float* results = filters + filters_.floats();
    float* scratch = results + results_.floats();
    for (int64_t first = 0; first < convolution_.tiles(); first += tiles_at_once_) {
      const Range tiles{first, std::min(first + tiles_at_once_, convolution_.tiles())};
      for (int64_t pass = 0; pass < passes(); pass++) {
        if (pass == 0 || !reads_once_) read_images(run, pass, tiles, images, x);
        for (int64_t column = 0; column < columns_; column += block_) {
          const Range block{column, std::min(column + block_, columns_)};
          if (first == 0 || !keeps_filter()) read_filter(run, pass, block, filters, w, scratch);
          const PointProducts product = products(pass, tiles.end - tiles.begin, block.end - block.begin);
          multiply(run, product, results, images, filters);
          write_results(run, product, tiles, block, y, results, scratch);
        }
      }
    }
  }

 private:
  int64_t width() const { return vector_.tile.columns; }
  int64_t points() const { return convolution_.points(); }
  int64_t phases() const { return static_cast<int64_t>(convolution_.phases.size()); }
  int64_t passes() const { return convolution_.summed ? 1 : phases(); }

  int64_t block_columns() const {
    const int64_t most = std::max(kFilterNumbers / (points() * depth_), 2 * width());
    return round_up(even_part(columns_, most), width());
  }

  /** Whether the filter is transformed once for all tiles. */
  bool keeps_filter() const { return columns_ <= block_ && passes() == 1; }

  int64_t choose_tiles() const {
    const int64_t numbers = keeps_filter() ? kTileNumbers : kTileNumbersPerFilter;
    return even_part(convolution_.tiles(), std::max(kFewestTiles, numbers / (points() * (depth_ + block_))));
  }

  /** Channels of a filter that are transposed together, a line of the cache. */
  static constexpr int64_t kTransposed = 16;
  /** A thread's own: taps that are transposed, or a pixel that lies outside of the images. */
  int64_t scratch_floats() const { return convolution_.taps() * kTransposed * block_; }

  /** The matrices [tiles, depth] of a pass. */
  void read_images(const Run& run, int64_t pass, Range tiles, float* images, const float* x) const {
    const int64_t channels = convolution_.read.channels, parts = depth_ / channels;
    parallel_for(run.threads, tiles.end - tiles.begin, (tiles.end - tiles.begin) * points() * depth_, [&](int, Range range) {
      for (int64_t part = 0; part < parts; part++) {
        transform_images(transforms_, convolution_, convolution_.phases[static_cast<size_t>(pass + part)],
                         {tiles.begin + range.begin, tiles.begin + range.end}, x, zeros_.data(),
                         images + range.begin * images_.row + part * channels, images_);
      }
    });
  }

  /** The matrices [depth, block] of a pass. */
  void read_filter(const Run& run, int64_t pass, Range block, float* filters, const float* w, float* scratch) const {
    const int64_t channels = convolution_.read.channels, chunks = strips_of(channels, kTransposed), parts = depth_ / channels;
    parallel_for(run.threads, parts * chunks, points() * depth_ * block_, [&](int thread, Range range) {
      for (int64_t item = range.begin; item < range.end; item++) {
        const int64_t part = item / chunks, first = item % chunks * kTransposed;
        const Phase& phase = convolution_.phases[static_cast<size_t>(convolution_.summed ? part : pass)];
        const Range rows{first, std::min(first + kTransposed, channels)};
        read_filter_rows(phase, rows, block, filters + part * channels * filters_.row, w, scratch + thread * scratch_floats());
      }
    });
  }

  void read_filter_rows(const Phase& phase, Range rows, Range block, float* filters, const float* w, float* scratch) const {
    const int64_t columns = block.end - block.begin;
    if (order_ == FilterOrder::kTransposed) transpose_taps(phase, rows, block, w, scratch);
    for (int64_t row = rows.begin; row < rows.end; row++) {
      const float* taps[kMostTaps];
      float* points[kMostPoints];
      for (int64_t i = 0; i < convolution_.taps(); i++) {
        const int64_t tap = phase.taps[static_cast<size_t>(i)];
        if (tap < 0) {
          taps[i] = zeros_.data();
        } else if (order_ == FilterOrder::kTransposed) {
          taps[i] = scratch + (i * kTransposed + row - rows.begin) * block_;
        } else {
          taps[i] = w + (row * filter_taps_ + tap) * columns_ + block.begin;
        }
      }
      filters_.addresses(points, filters + row * filters_.row);
      transforms_.filter(points, taps, columns);
    }
  }

  /** target [taps, rows, block] = w [K, taps, C] where `rows` are of C and `block` of K. */
  void transpose_taps(const Phase& phase, Range rows, Range block, const float* w, float* target) const {
    const int64_t channels = convolution_.read.channels;
    for (int64_t i = 0; i < convolution_.taps(); i++, target += kTransposed * block_) {
      const int64_t tap = phase.taps[static_cast<size_t>(i)];
      if (tap < 0) continue;
      for (int64_t first = block.begin; first < block.end; first += kTransposed) {
        const float* source = w + (first * filter_taps_ + tap) * channels + rows.begin;
        transpose(target + first - block.begin, block_, source, filter_taps_ * channels, std::min(kTransposed, block.end - first),
                  rows.end - rows.begin);
      }
    }
  }

  /** target [columns, rows] = source [rows, columns]; both are at most kTransposed. */
  static void transpose(float* target, int64_t target_row, const float* source, int64_t source_row, int64_t rows, int64_t columns) {
    for (int64_t column = 0; column < columns; column++) {
      for (int64_t row = 0; row < rows; row++) target[column * target_row + row] = source[row * source_row + column];
    }
  }

  PointProducts products(int64_t pass, int64_t tiles, int64_t columns) const {
    return {.convolution = convolution_,
            .phases = convolution_.summed ? Range{0, phases()} : Range{pass, pass + 1},
            .rows = tiles,
            .columns = columns,
            .phase_depth = convolution_.read.channels,
            .add = false};
  }

  /** results [tiles, block] = images [tiles, depth] filters [depth, block], for every point. */
  void multiply(const Run& run, const PointProducts& product, float* results, const float* images, const float* filters) const {
    const LeftMatrices left{.data = images, .row = images_.row, .depth = 1, .point = images_.point};
    multiply_points(run, vector_, product, results, results_, left, filters, filters_);
  }

  void write_results(const Run& run, const PointProducts& product, Range tiles, Range block, float* y, const float* results,
                     float* scratch) const {
    const Phase& phase = convolution_.phases[static_cast<size_t>(product.phases.begin)];
    parallel_for(run.threads, tiles.end - tiles.begin, (tiles.end - tiles.begin) * points() * block_, [&](int thread, Range range) {
      for (int64_t tile = range.begin; tile < range.end; tile++) {
        const float* points[kMostPoints];
        float* pixels[kWrittenPixels];
        product.sums(points, results_, results + tile * results_.row, zeros_.data());
        written_pixels(pixels, convolution_, phase, tiles.begin + tile, y + block.begin, scratch + thread * scratch_floats());
        transforms_.result(pixels, points, block.end - block.begin);
      }
    });
  }

  TiledConvolution convolution_;
  FilterOrder order_;
  int64_t filter_taps_;
  const VectorKernels& vector_;
  const WinogradTransforms& transforms_;
  bool reads_once_;
  /** Channels that are summed, those of all phases; channels of the result, and those worked on at once. */
  int64_t depth_, columns_, block_, tiles_at_once_;
  PointMatrices images_, filters_, results_;
  std::vector<float> zeros_;
};

Kernel products_kernel(const Step& step, Build& build, TiledConvolution convolution, FilterOrder order, const WindowGeometry& g) {
  const auto products = std::make_shared<WinogradProducts>(std::move(convolution), order, g.r * g.s, build.vector);
  return {[step, products](const Run& run) {
            products->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          products->workspace_bytes(build.threads)};
}

constexpr int64_t kFewestChannels = 32;
/** Products saved for each transformed number of the filter, below which its transform costs what they save; a filter gradient is
 *  transformed back once, where a convolution reads the transformed filter again. */
constexpr int64_t kWorthTransform = 40, kWorthTransformBack = 30;

/** Pairs of a pixel of the image and one of the result, along an axis, that a window of the size joins. */
int64_t joined(int64_t length, int64_t results, int64_t window, int64_t stride, int64_t before) {
  int64_t pairs = 0;
  for (int64_t i = 0; i < results; i++)
    pairs += std::max<int64_t>(0, std::min(i * stride - before + window, length) - std::max<int64_t>(0, i * stride - before));
  return pairs;
}

/** Whether the products saved are worth the transforms: three eighths of those of the definition, or a quarter of a filter gradient's, for
 *  which there is nothing else as fast, and enough for the transform of the filter. */
bool suits(const Step& step, const WindowGeometry& g, const TiledConvolution& convolution) {
  if (std::min(g.c, g.k) < kFewestChannels) return false;
  const bool gradient = step.op == Op::kConv2dFilterGradient;
  const int64_t defined = joined(g.h, g.p, g.r, g.stride_h, g.top) * joined(g.w, g.q, g.s, g.stride_w, g.left);
  const int64_t products = convolution.tiles_h * convolution.tiles_w * convolution.products();
  if (gradient ? 4 * products > 3 * defined : 8 * products > 5 * defined) return false;
  return g.n * (defined - products) >= (gradient ? kWorthTransformBack : kWorthTransform) * convolution.products();
}

}  // namespace

std::optional<Kernel> winograd(const Step& step, Build& build) {
  const WindowGeometry g = convolution_geometry(step);
  std::optional<TiledConvolution> convolution = step.op == Op::kConv2dInputGradient ? tiled_input_gradient(g) : tiled_convolution(g);
  if (!convolution || !suits(step, g, *convolution)) return std::nullopt;
  if (step.op == Op::kConv2dFilterGradient) return winograd_filter_gradient(step, build, std::move(*convolution));
  const bool forward = step.op == Op::kConv2d;
  return products_kernel(step, build, std::move(*convolution), forward ? FilterOrder::kTransposed : FilterOrder::kPlain, g);
}

}  // namespace gannet
