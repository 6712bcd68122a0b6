#pragma once

#include <vector>

#include "cpu/winograd_points.h"

namespace gannet {

/** How a filter w [K, taps, C] is read: as matrices [C,K] of a convolution, or as matrices [K,C] of its input gradient. */
enum class FilterOrder { kTransposed, kPlain };

/** What a convolution and its input gradient are made of, but for the products: tiles and filters are transformed to points, and sums back. It
 *  takes a pass, or one for each phase if those write to other pixels. */
class WinogradLayer {
 public:
  WinogradLayer(TiledConvolution convolution, FilterOrder order, int64_t filter_taps, const VectorKernels& vector);

  const TiledConvolution& convolution() const { return convolution_; }
  int64_t points() const { return convolution_.points(); }
  int64_t passes() const { return convolution_.summed ? 1 : phases(); }
  /** Phases of a pass, which are summed. */
  Range phases_of(int64_t pass) const { return convolution_.summed ? Range{0, phases()} : Range{pass, pass + 1}; }
  const Phase& phase(int64_t index) const { return convolution_.phases[static_cast<size_t>(index)]; }
  /** Passes that read the same images: all or each by itself. */
  int64_t passes_together() const { return reads_once_ ? passes() : 1; }
  /** Channels that are read, those that are summed in a pass, and those of the result. */
  int64_t channels() const { return convolution_.read.channels; }
  int64_t depth() const { return channels() * phases() / passes(); }
  int64_t columns() const { return convolution_.written.channels; }

  /** Channels of a filter that are transposed together, a line of the cache. */
  static constexpr int64_t kTransposed = 16;
  /** What a thread needs for itself to read filters and to write tiles, for a block of so many columns. */
  int64_t scratch_floats(int64_t block) const { return convolution_.taps() * kTransposed * block; }

  /** The matrices [tiles, depth] of a pass; nothing to do where those of an earlier pass still hold. */
  void read_images(const Run& run, int64_t pass, Range tiles, float* images, const PointMatrices& matrices, const float* x) const;

  /** Rows of the matrices [channels, block] of a phase, at most kTransposed; the first of them goes to `filters`. */
  void read_filter(int64_t phase, Range rows, Range block, float* filters, const PointMatrices& matrices, const float* w,
                   float* scratch) const;

  /** A tile from the sums of a pass; row `sums` of the matrices [tiles, block] is its own. */
  void write_tile(int64_t pass, int64_t tile, Range block, float* y, const float* sums, const PointMatrices& matrices,
                  float* scratch) const;

 private:
  int64_t phases() const { return static_cast<int64_t>(convolution_.phases.size()); }
  void transpose_taps(const Phase& phase, Range rows, Range block, const float* w, float* target) const;

  TiledConvolution convolution_;
  FilterOrder order_;
  int64_t filter_taps_;
  int64_t strip_;
  const WinogradTransforms& transforms_;
  bool reads_once_;
  std::vector<float> zeros_;
};

}  // namespace gannet
