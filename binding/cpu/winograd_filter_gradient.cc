#include "cpu/winograd_filter_gradient.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/winograd_points.h"

namespace gannet {

namespace {

/** Filters and channels whose sums at the points stay in a second-level cache, and blocks of them that each thread shall have. */
constexpr int64_t kBlock = 64, kBlocksPerThread = 2;

/** dw [K, taps, C] from x and dy, one phase after the other. Either all tiles are worked on at once, or some at a time and all sums are kept:
 *  whichever moves fewer numbers. All at once are summed for a block of filters and channels at a time where there are enough for the threads;
 *  the order of the sums is the same. */
class WinogradFilterGradient {
 public:
  WinogradFilterGradient(TiledConvolution convolution, int64_t filter_taps, const VectorKernels& vector, int threads)
      : convolution_(std::move(convolution)),
        filter_taps_(filter_taps),
        vector_(vector),
        transforms_(transforms_of(convolution_, vector)),
        channels_(convolution_.read.channels),
        filters_(convolution_.written.channels),
        tiles_at_once_(choose_tiles()),
        by_blocks_(has_all_tiles() && blocks() >= kBlocksPerThread * threads),
        images_(PointMatrices::in_strips(points(), tiles_at_once_, channels_, width())),
        gradients_(PointMatrices::in_strips(points(), tiles_at_once_, filters_, width())),
        sums_(by_blocks_ ? PointMatrices::in_rows(points(), kBlock, kBlock, width())
                         : PointMatrices::in_rows(points(), filters_, channels_, width())),
        zeros_(static_cast<size_t>(std::max(channels_, filters_)), 0.0f) {}

  size_t workspace_bytes(int threads) const {
    const int64_t sums = by_blocks_ ? threads : kept_sums();
    return sizeof(float) * static_cast<size_t>(images_.floats() + gradients_.floats() + sums * sums_.floats() + threads * channels_);
  }

  void run(const Run& run, float* dw, const float* x, const float* dy) const {
    float* images = reinterpret_cast<float*>(run.workspace);
    float* gradients = images + images_.floats();
    float* sums = gradients + gradients_.floats();
    for (int64_t first = 0; first < convolution_.tiles(); first += tiles_at_once_) {
      const Range tiles{first, std::min(first + tiles_at_once_, convolution_.tiles())};
      read_gradients(run, tiles, gradients, dy);
      for (int64_t phase = 0; phase < phases(); phase++) {
        read_images(run, convolution_.phases[static_cast<size_t>(phase)], tiles, images, x);
        if (by_blocks_) {
          compute_blocks(run, phase, dw, sums, images, gradients, sums + run.threads * sums_.floats());
        } else {
          add_tiles(run, phase, tiles, dw, sums + phase % kept_sums() * sums_.floats(), images, gradients,
                    sums + kept_sums() * sums_.floats());
        }
      }
    }
  }

 private:
  int64_t width() const { return vector_.tile.columns; }
  int64_t points() const { return convolution_.points(); }
  int64_t phases() const { return static_cast<int64_t>(convolution_.phases.size()); }
  bool has_all_tiles() const { return tiles_at_once_ == convolution_.tiles(); }
  /** Sums of phases that wait for more tiles. */
  int64_t kept_sums() const { return has_all_tiles() ? 1 : phases(); }
  int64_t blocks() const { return strips_of(filters_, kBlock) * strips_of(channels_, kBlock); }

  int64_t choose_tiles() const {
    const int64_t tiles = convolution_.tiles(), tile = channels_ + filters_;
    const int64_t some = even_part(tiles, std::max(kFewestTiles, kTileNumbers / (points() * tile)));
    const int64_t kept_sums = phases() * channels_ * filters_;
    return tiles * tile <= strips_of(tiles, some) * kept_sums ? tiles : some;
  }

  void read_gradients(const Run& run, Range tiles, float* gradients, const float* dy) const {
    parallel_for(run.threads, tiles.end - tiles.begin, (tiles.end - tiles.begin) * points() * filters_, [&](int, Range range) {
      for (int64_t tile = range.begin; tile < range.end; tile++) {
        const float* pixels[kWrittenPixels];
        float* points[kMostPoints];
        written_pixels(pixels, convolution_, convolution_.phases[0], tiles.begin + tile, dy, zeros_.data());
        gradients_.addresses(points, gradients + tile * gradients_.row);
        transforms_.result_gradient(points, pixels, filters_, gradients_.strip);
      }
    });
  }

  void read_images(const Run& run, const Phase& phase, Range tiles, float* images, const float* x) const {
    parallel_for(run.threads, tiles.end - tiles.begin, (tiles.end - tiles.begin) * points() * channels_, [&](int, Range range) {
      transform_images(transforms_.image.with[phase.last_row][phase.last_column], convolution_, phase,
                       {tiles.begin + range.begin, tiles.begin + range.end}, x, zeros_.data(), images + range.begin * images_.row, images_);
    });
  }

  /** sums [K, C] += gradients^T [K, tiles] images [tiles, C] of a phase for every point, and the filters once all tiles have been added. */
  void add_tiles(const Run& run, int64_t phase, Range tiles, float* dw, float* sums, const float* images, const float* gradients,
                 float* outside) const {
    const PointProducts product = products(phase, tiles, filters_, channels_);
    multiply_points(run, vector_, product, sums, sums_, filters_from(gradients, 0), images, images_);
    if (tiles.end < convolution_.tiles()) return;
    parallel_for(run.threads, filters_, filters_ * points() * channels_, [&](int thread, Range range) {
      for (int64_t filter = range.begin; filter < range.end; filter++)
        write_filter(phase, filter, {0, channels_}, dw, sums + filter * sums_.row, outside + thread * channels_);
    });
  }

  /** The same for all tiles at once, block by block. */
  void compute_blocks(const Run& run, int64_t phase, float* dw, float* sums, const float* images, const float* gradients,
                      float* outside) const {
    const int64_t across = strips_of(channels_, kBlock);
    parallel_items(run.threads, blocks(), [&](int thread, int64_t item) {
      const int64_t filter = item / across * kBlock, channel = item % across * kBlock;
      const Range filters{filter, std::min(filter + kBlock, filters_)}, channels{channel, std::min(channel + kBlock, channels_)};
      float* own = sums + thread * sums_.floats();
      const PointProducts product = products(phase, {0, tiles_at_once_}, filters.end - filters.begin, channels.end - channels.begin);
      for (int64_t point = 0; point < points(); point++) {
        multiply_point(vector_, product, point, {0, strips_of(product.columns, width())}, own, sums_, filters_from(gradients, filter),
                       images + channel / width() * images_.strip, images_);
      }
      for (int64_t i = filters.begin; i < filters.end; i++)
        write_filter(phase, i, channels, dw, own + (i - filters.begin) * sums_.row, outside + thread * channels_);
    });
  }

  PointProducts products(int64_t phase, Range tiles, int64_t filters, int64_t channels) const {
    return {.convolution = convolution_,
            .phases = {phase, phase + 1},
            .rows = filters,
            .columns = channels,
            .phase_depth = tiles.end - tiles.begin,
            .add = tiles.begin > 0};
  }

  /** The gradients of the filters from one on, the first of a strip. */
  LeftMatrices filters_from(const float* gradients, int64_t filter) const {
    return {.data = gradients + filter / width() * gradients_.strip,
            .row = 1,
            .depth = gradients_.row,
            .strip_rows = width(),
            .strip = gradients_.strip,
            .point = gradients_.point};
  }

  /** The taps of a phase for some channels of a filter, from a row of sums. */
  void write_filter(int64_t phase, int64_t filter, Range channels, float* dw, const float* sums, float* outside) const {
    const float* points[kMostPoints];
    float* taps[kMostTaps];
    sum_addresses(points, convolution_, {phase, phase + 1}, sums_, sums, zeros_.data());
    for (int64_t i = 0; i < convolution_.taps(); i++) {
      const int64_t tap = convolution_.phases[static_cast<size_t>(phase)].taps[static_cast<size_t>(i)];
      taps[i] = tap < 0 ? outside : dw + (filter * filter_taps_ + tap) * channels_ + channels.begin;
    }
    transforms_.filter_gradient(taps, points, channels.end - channels.begin, width());
  }

  TiledConvolution convolution_;
  int64_t filter_taps_;
  const VectorKernels& vector_;
  const WinogradTransforms& transforms_;
  /** Channels of the image and of the result. */
  int64_t channels_, filters_, tiles_at_once_;
  bool by_blocks_;
  PointMatrices images_, gradients_, sums_;
  std::vector<float> zeros_;
};

}  // namespace

Kernel winograd_filter_gradient(const Step& step, Build& build, TiledConvolution convolution) {
  const WindowGeometry g = convolution_geometry(step);
  const auto gradient = std::make_shared<WinogradFilterGradient>(std::move(convolution), g.r * g.s, build.vector, build.threads);
  return {[step, gradient](const Run& run) {
            gradient->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          gradient->workspace_bytes(build.threads)};
}

}  // namespace gannet
