#include "cpu/winograd_filter_gradient.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/winograd_points.h"

namespace gannet {

namespace {

/** dw [K, taps, C] from x and dy, one phase after the other. Either all tiles are worked on at once and the sums of some filters at a time,
 *  or some tiles at a time and all sums are kept: whichever moves fewer numbers. */
class WinogradFilterGradient {
 public:
  WinogradFilterGradient(TiledConvolution convolution, int64_t filter_taps, const VectorKernels& vector)
      : convolution_(std::move(convolution)),
        filter_taps_(filter_taps),
        vector_(vector),
        transforms_(transforms_of(convolution_, vector)),
        channels_(convolution_.read.channels),
        filters_(convolution_.written.channels),
        tiles_at_once_(choose_tiles()),
        block_(keeps_sums() ? filters_ : even_part(filters_, std::max(kFewestFilters, kFilterNumbers / (points() * channels_)))),
        images_(points(), tiles_at_once_, channels_, vector.tile.columns),
        gradients_(points(), tiles_at_once_, filters_, vector.tile.columns),
        sums_(points(), block_, channels_, vector.tile.columns),
        zeros_(static_cast<size_t>(std::max(channels_, filters_)), 0.0f) {}

  size_t workspace_bytes(int threads) const {
    const int64_t kept = keeps_sums() ? phases() : 1;
    return sizeof(float) * static_cast<size_t>(images_.floats() + gradients_.floats() + kept * sums_.floats() + threads * channels_);
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
        for (int64_t filter = 0; filter < filters_; filter += block_) {
          const Range block{filter, std::min(filter + block_, filters_)};
          float* block_sums = sums + (keeps_sums() ? phase : 0) * sums_.floats();
          const PointProducts product = products(phase, tiles, block);
          multiply(run, product, block, block_sums, images, gradients);
          if (tiles.end == convolution_.tiles()) write_filters(run, product, block, dw, block_sums, sums);
        }
      }
    }
  }

 private:
  static constexpr int64_t kFewestFilters = 24;

  int64_t points() const { return convolution_.points(); }
  int64_t phases() const { return static_cast<int64_t>(convolution_.phases.size()); }
  bool keeps_sums() const { return tiles_at_once_ < convolution_.tiles(); }

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
        transforms_.result_gradient(points, pixels, filters_);
      }
    });
  }

  void read_images(const Run& run, const Phase& phase, Range tiles, float* images, const float* x) const {
    parallel_for(run.threads, tiles.end - tiles.begin, (tiles.end - tiles.begin) * points() * channels_, [&](int, Range range) {
      transform_images(transforms_, convolution_, phase, {tiles.begin + range.begin, tiles.begin + range.end}, x, zeros_.data(),
                       images + range.begin * images_.row, images_);
    });
  }

  PointProducts products(int64_t phase, Range tiles, Range block) const {
    return {.convolution = convolution_,
            .phases = {phase, phase + 1},
            .rows = block.end - block.begin,
            .columns = channels_,
            .phase_depth = tiles.end - tiles.begin,
            .add = tiles.begin > 0};
  }

  /** sums [block, C] = gradients^T [block, tiles] images [tiles, C], for every point, added to those of earlier tiles. */
  void multiply(const Run& run, const PointProducts& product, Range block, float* sums, const float* images, const float* gradients) const {
    const LeftMatrices left{.data = gradients + block.begin, .row = 1, .depth = gradients_.row, .point = gradients_.point};
    multiply_points(run, vector_, product, sums, sums_, left, images, images_);
  }

  /** The taps of the phase for filters `block`. */
  void write_filters(const Run& run, const PointProducts& product, Range block, float* dw, const float* block_sums, float* sums) const {
    const Phase& phase = convolution_.phases[static_cast<size_t>(product.phases.begin)];
    float* outside = sums + (keeps_sums() ? phases() : 1) * sums_.floats();
    parallel_for(run.threads, block.end - block.begin, (block.end - block.begin) * points() * channels_, [&](int thread, Range range) {
      for (int64_t filter = range.begin; filter < range.end; filter++) {
        const float* points[kMostPoints];
        float* taps[kMostTaps];
        product.sums(points, sums_, block_sums + filter * sums_.row, zeros_.data());
        for (int64_t i = 0; i < convolution_.taps(); i++) {
          const int64_t tap = phase.taps[static_cast<size_t>(i)];
          taps[i] = tap < 0 ? outside + thread * channels_ : dw + ((block.begin + filter) * filter_taps_ + tap) * channels_;
        }
        transforms_.filter_gradient(taps, points, channels_);
      }
    });
  }

  TiledConvolution convolution_;
  int64_t filter_taps_;
  const VectorKernels& vector_;
  const WinogradTransforms& transforms_;
  /** Channels of the image and of the result; those of the result whose sums are worked on at once. */
  int64_t channels_, filters_, tiles_at_once_, block_;
  PointMatrices images_, gradients_, sums_;
  std::vector<float> zeros_;
};

}  // namespace

Kernel winograd_filter_gradient(const Step& step, Build& build, TiledConvolution convolution) {
  const WindowGeometry g = convolution_geometry(step);
  const auto gradient = std::make_shared<WinogradFilterGradient>(std::move(convolution), g.r * g.s, build.vector);
  return {[step, gradient](const Run& run) {
            gradient->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          gradient->workspace_bytes(build.threads)};
}

}  // namespace gannet
