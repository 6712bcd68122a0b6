#include "cpu/winograd_blocks.h"

#include <algorithm>
#include <memory>

namespace gannet {

namespace {

/** Tiles whose sums of a block mostly stay in a second-level cache of 1 MiB. */
constexpr int64_t kMostTiles = 128;
/** Channels of the result at most, and channels that are summed, of the part of the filter that is transformed at a time. */
constexpr int64_t kMostColumns = 64, kSlice = 64;
/** Blocks for each thread at least, so that all end at about the same time. */
constexpr int64_t kBlocksPerThread = 2;

class WinogradBlocks {
 public:
  WinogradBlocks(WinogradLayer layer, const VectorKernels& vector, int threads)
      : layer_(std::move(layer)),
        vector_(vector),
        tiles_(layer_.convolution().tiles()),
        passes_together_(layer_.passes_together()),
        block_(block_columns(threads)),
        images_(PointMatrices::in_rows(layer_.points(), tiles_, layer_.depth(), width())),
        filters_(PointMatrices::in_strips(layer_.points(), kSlice, block_, width())),
        sums_(PointMatrices::in_rows(layer_.points(), tiles_, block_, width())) {}

  size_t workspace_bytes(int threads) const { return sizeof(float) * static_cast<size_t>(images_.floats() + threads * own_floats()); }

  void run(const Run& run, float* y, const float* x, const float* w) const {
    float* images = reinterpret_cast<float*>(run.workspace);
    const int64_t blocks = strips_of(layer_.columns(), block_);
    for (int64_t pass = 0; pass < layer_.passes(); pass += passes_together_) {
      layer_.read_images(run, pass, {0, tiles_}, images, images_, x);
      parallel_items(run.threads, passes_together_ * blocks, [&](int thread, int64_t item) {
        const int64_t first = item % blocks * block_;
        const Range block{first, std::min(first + block_, layer_.columns())};
        compute_block(pass + item / blocks, block, y, images, w, images + images_.floats() + thread * own_floats());
      });
    }
  }

 private:
  int64_t width() const { return vector_.tile.columns; }

  int64_t block_columns(int threads) const {
    const int64_t share = layer_.columns() * passes_together_ / (kBlocksPerThread * threads);
    return std::min(kMostColumns, whole_strips(std::max<int64_t>(share, 1), width()));
  }

  /** A thread's own numbers. */
  int64_t own_floats() const { return filters_.floats() + sums_.floats() + layer_.scratch_floats(block_); }

  void compute_block(int64_t pass, Range block, float* y, const float* images, const float* w, float* own) const {
    float* sums = own + filters_.floats();
    float* scratch = sums + sums_.floats();
    const Range phases = layer_.phases_of(pass);
    for (int64_t phase = phases.begin; phase < phases.end; phase++, images += layer_.channels()) {
      for (int64_t first = 0; first < layer_.channels(); first += kSlice) {
        const Range slice{first, std::min(first + kSlice, layer_.channels())};
        read_filter(phase, slice, block, own, w, scratch);
        multiply(pass, phase, slice, block, sums, images, own);
      }
    }
    for (int64_t tile = 0; tile < tiles_; tile++) layer_.write_tile(pass, tile, block, y, sums + tile * sums_.row, sums_, scratch);
  }

  void read_filter(int64_t phase, Range slice, Range block, float* filters, const float* w, float* scratch) const {
    for (int64_t first = slice.begin; first < slice.end; first += WinogradLayer::kTransposed) {
      const Range rows{first, std::min(first + WinogradLayer::kTransposed, slice.end)};
      layer_.read_filter(phase, rows, block, filters + (first - slice.begin) * filters_.row, filters_, w, scratch);
    }
  }

  /** sums [tiles, block] = images [tiles, slice] filters [slice, block] for every point that counts, added to those before. */
  void multiply(int64_t pass, int64_t phase, Range slice, Range block, float* sums, const float* images, const float* filters) const {
    const TiledConvolution& convolution = layer_.convolution();
    const Range before{layer_.phases_of(pass).begin, phase};
    for (int64_t point = 0; point < layer_.points(); point++) {
      if (!convolution.counts(layer_.phase(phase), point)) continue;
      vector_.multiply_strips({.c = sums + point * sums_.point,
                               .c_row = sums_.row,
                               .a = images + point * images_.point + slice.begin,
                               .a_row = images_.row,
                               .a_depth = 1,
                               .b = filters + point * filters_.point,
                               .b_strip = filters_.strip,
                               .rows = tiles_,
                               .depth = slice.end - slice.begin,
                               .strips = strips_of(block.end - block.begin, width()),
                               .add = slice.begin > 0 || convolution.any_counts(before, point)});
    }
  }

  WinogradLayer layer_;
  const VectorKernels& vector_;
  /** Passes whose blocks are computed together, as they read the same images; channels of the result in a block. */
  int64_t tiles_, passes_together_, block_;
  PointMatrices images_, filters_, sums_;
};

}  // namespace

bool has_few_tiles(const TiledConvolution& convolution) { return convolution.tiles() <= kMostTiles; }

bool occupies_threads(const WinogradLayer& layer, const Build& build) {
  return layer.passes_together() * strips_of(layer.columns(), build.vector.tile.columns) >= build.threads;
}

Kernel winograd_blocks(const Step& step, Build& build, WinogradLayer layer) {
  const auto blocks = std::make_shared<WinogradBlocks>(std::move(layer), build.vector, build.threads);
  return {[step, blocks](const Run& run) {
            blocks->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          blocks->workspace_bytes(build.threads)};
}

}  // namespace gannet
