#include "cpu/winograd.h"

#include <algorithm>
#include <memory>

#include "cpu/winograd_blocks.h"
#include "cpu/winograd_filter_gradient.h"
#include "cpu/winograd_layer.h"

namespace gannet {

namespace {

/** A convolution or its input gradient. */
class WinogradProducts {
 public:
  WinogradProducts(WinogradLayer layer, const VectorKernels& vector)
      : layer_(std::move(layer)),
        vector_(vector),
        tiles_(layer_.convolution().tiles()),
        block_(block_columns()),
        tiles_at_once_(choose_tiles()),
        images_(PointMatrices::in_rows(layer_.points(), tiles_at_once_, layer_.depth(), width())),
        filters_(PointMatrices::in_strips(layer_.points(), layer_.depth(), block_, width())),
        results_(PointMatrices::in_rows(layer_.points(), tiles_at_once_, block_, width())) {}

  size_t workspace_bytes(int threads) const {
    const int64_t scratch = threads * layer_.scratch_floats(block_);
    return sizeof(float) * static_cast<size_t>(images_.floats() + filters_.floats() + results_.floats() + scratch);
  }

  void run(const Run& run, float* y, const float* x, const float* w) const {
    float* images = reinterpret_cast<float*>(run.workspace);
    float* filters = images + images_.floats();
    float* results = filters + filters_.floats();
    float* scratch = results + results_.floats();
    for (int64_t first = 0; first < tiles_; first += tiles_at_once_) {
      const Range tiles{first, std::min(first + tiles_at_once_, tiles_)};
      for (int64_t pass = 0; pass < layer_.passes(); pass++) {
        layer_.read_images(run, pass, tiles, images, images_, x);
        for (int64_t column = 0; column < layer_.columns(); column += block_) {
          const Range block{column, std::min(column + block_, layer_.columns())};
          if (first == 0 || !keeps_filter()) read_filter(run, pass, block, filters, w, scratch);
          multiply(run, pass, tiles, block, results, images, filters);
          write_results(run, pass, tiles, block, y, results, scratch);
        }
      }
    }
  }

 private:
  int64_t width() const { return vector_.tile.columns; }

  int64_t block_columns() const {
    const int64_t most = std::max(kFilterNumbers / (layer_.points() * layer_.depth()), 2 * width());
    return whole_strips(even_part(layer_.columns(), most), width());
  }

  /** Whether the filter is transformed once for all tiles. */
  bool keeps_filter() const { return layer_.columns() <= block_ && layer_.passes() == 1; }

  int64_t choose_tiles() const {
    const int64_t numbers = keeps_filter() ? kTileNumbers : kTileNumbersPerFilter;
    return even_part(tiles_, std::max(kFewestTiles, numbers / (layer_.points() * (layer_.depth() + block_))));
  }

  /** The matrices [depth, block] of a pass. */
  void read_filter(const Run& run, int64_t pass, Range block, float* filters, const float* w, float* scratch) const {
    const int64_t channels = layer_.channels(), chunks = strips_of(channels, WinogradLayer::kTransposed), parts = layer_.depth() / channels;
    parallel_for(run.threads, parts * chunks, layer_.points() * layer_.depth() * block_, [&](int thread, Range range) {
      for (int64_t item = range.begin; item < range.end; item++) {
        const int64_t part = item / chunks, first = item % chunks * WinogradLayer::kTransposed;
        const Range rows{first, std::min(first + WinogradLayer::kTransposed, channels)};
        layer_.read_filter(layer_.phases_of(pass).begin + part, rows, block, filters + (part * channels + first) * filters_.row, filters_,
                           w, scratch + thread * layer_.scratch_floats(block_));
      }
    });
  }

  /** results [tiles, block] = images [tiles, depth] filters [depth, block], for every point. */
  void multiply(const Run& run, int64_t pass, Range tiles, Range block, float* results, const float* images, const float* filters) const {
    const PointProducts product{.convolution = layer_.convolution(),
                                .phases = layer_.phases_of(pass),
                                .rows = tiles.end - tiles.begin,
                                .columns = block.end - block.begin,
                                .phase_depth = layer_.channels(),
                                .add = false};
    const LeftMatrices left{.data = images, .row = images_.row, .depth = 1, .strip_rows = product.rows, .strip = 0, .point = images_.point};
    multiply_points(run, vector_, product, results, results_, left, filters, filters_);
  }

  void write_results(const Run& run, int64_t pass, Range tiles, Range block, float* y, const float* results, float* scratch) const {
    const int64_t count = tiles.end - tiles.begin;
    parallel_for(run.threads, count, count * layer_.points() * block_, [&](int thread, Range range) {
      for (int64_t tile = range.begin; tile < range.end; tile++) {
        layer_.write_tile(pass, tiles.begin + tile, block, y, results + tile * results_.row, results_,
                          scratch + thread * layer_.scratch_floats(block_));
      }
    });
  }

  WinogradLayer layer_;
  const VectorKernels& vector_;
  /** All tiles; channels of the result, and tiles, that are worked on at once. */
  int64_t tiles_, block_, tiles_at_once_;
  PointMatrices images_, filters_, results_;
};

Kernel products_kernel(const Step& step, Build& build, WinogradLayer layer) {
  const auto products = std::make_shared<WinogradProducts>(std::move(layer), build.vector);
  return {[step, products](const Run& run) {
            products->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          products->workspace_bytes(build.threads)};
}

constexpr int64_t kFewestChannels = 32;
/** Products saved for each transformed number of the filter, below which its transform costs what they save; one that stays in a cache costs
 *  least, and a filter gradient is transformed back once, where a convolution reads the transformed filter again. */
constexpr int64_t kWorthTransform = 40, kWorthTransformInCache = 10, kWorthTransformBack = 10;

/** Pairs of a pixel of the image and one of the result, along an axis, that a window of the size joins. */
int64_t joined(int64_t length, int64_t results, int64_t window, int64_t stride, int64_t before) {
  int64_t pairs = 0;
  for (int64_t i = 0; i < results; i++)
    pairs += std::max<int64_t>(0, std::min(i * stride - before + window, length) - std::max<int64_t>(0, i * stride - before));
  return pairs;
}

/** Whether the products saved are worth the transforms: three eighths of those of the definition, or a quarter where the transformed filter
 *  stays in a cache and of a filter gradient's, for which there is nothing else as fast, and enough for the transform of the filter. */
bool suits(const Step& step, const WindowGeometry& g, const TiledConvolution& convolution) {
  if (std::min(g.c, g.k) < kFewestChannels) return false;
  const bool gradient = step.op == Op::kConv2dFilterGradient;
  const int64_t defined = joined(g.h, g.p, g.r, g.stride_h, g.top) * joined(g.w, g.q, g.s, g.stride_w, g.left);
  const int64_t products = convolution.tiles_h * convolution.tiles_w * convolution.products();
  const bool in_cache = !gradient && has_few_tiles(convolution);
  if (gradient || in_cache ? 4 * products > 3 * defined : 8 * products > 5 * defined) return false;
  const int64_t worth = gradient ? kWorthTransformBack : in_cache ? kWorthTransformInCache : kWorthTransform;
  return g.n * (defined - products) >= worth * convolution.products();
}

}  // namespace

std::optional<Kernel> winograd(const Step& step, Build& build) {
  const WindowGeometry g = convolution_geometry(step);
  std::optional<TiledConvolution> convolution = step.op == Op::kConv2dInputGradient ? tiled_input_gradient(g) : tiled_convolution(g);
  if (!convolution || !suits(step, g, *convolution)) return std::nullopt;
  if (step.op == Op::kConv2dFilterGradient) return winograd_filter_gradient(step, build, std::move(*convolution));
  const FilterOrder order = step.op == Op::kConv2d ? FilterOrder::kTransposed : FilterOrder::kPlain;
  const bool few = has_few_tiles(*convolution);
  WinogradLayer layer(std::move(*convolution), order, g.r * g.s, build.vector);
  // Both ways add in the same order, so that no bit depends on the number of threads.
  return few && occupies_threads(layer, build) ? winograd_blocks(step, build, std::move(layer))
                                               : products_kernel(step, build, std::move(layer));
}

}  // namespace gannet
