#pragma once

#include <array>
#include <optional>
#include <vector>

#include "cpu/parallel.h"
#include "op_rules.h"

// A convolution seen as convolutions of stride 1 with windows of at most 3x3, its phases, for results of 4x4 pixels at a time. A stride of 2
// has four: the even and the odd rows and columns of the image each meet every other tap of the window.
namespace gannet {

/** The side of the squares that are written, and the longest ones of windows and of the squares that are read. */
inline constexpr int64_t kWrittenSide = 4, kMostTapSide = 3, kMostReadSide = kWrittenSide + kMostTapSide - 1;
inline constexpr int64_t kWrittenPixels = kWrittenSide * kWrittenSide, kMostTaps = kMostTapSide * kMostTapSide,
                         kMostPoints = kMostReadSide * kMostReadSide;

/** Images that tiles are read from or written to: pixel i of a phase is pixel first + i * step of the image. A negative step goes through
 *  them backwards. */
struct TiledImages {
  int64_t h, w, channels;
  int64_t step_h, step_w;

  int64_t floats() const { return h * w * channels; }
};

struct Phase {
  /** The first pixel that it reads and writes; reads begin in the padding. */
  int64_t read_row, read_column, written_row, written_column;
  /** For each place in the window, row by row, the tap of the filter, or -1 for none. */
  std::array<int64_t, kMostTaps> taps;
  /** Whether the window has taps in its last row and in its last column. */
  bool last_row, last_column;
};

struct TiledConvolution {
  int64_t images;
  TiledImages read, written;
  /** The side of the phases' windows, 2 or 3. */
  int64_t tap_side;
  std::vector<Phase> phases;
  /** Whether all phases write to the same pixels, as those of a convolution do. */
  bool summed;
  int64_t tiles_h, tiles_w;

  int64_t taps() const { return tap_side * tap_side; }
  int64_t read_side() const { return kWrittenSide + tap_side - 1; }
  /** Pixels that a tile reads, and as many points. */
  int64_t points() const { return read_side() * read_side(); }

  /** Whether all phases read the same pixels. */
  bool reads_once() const;

  /** Whether the filter of a phase may be other than 0 at a point. At infinity, the last of a row or column, only the last taps count. */
  bool counts(const Phase& phase, int64_t point) const {
    return (phase.last_row || point / read_side() < read_side() - 1) && (phase.last_column || point % read_side() < read_side() - 1);
  }
  /** Whether that of any of several phases may be. */
  bool any_counts(Range of, int64_t point) const {
    for (int64_t i = of.begin; i < of.end; i++) {
      if (counts(phases[static_cast<size_t>(i)], point)) return true;
    }
    return false;
  }
  /** Products of numbers that a tile takes in all phases. */
  int64_t products() const;

  int64_t tiles() const { return images * tiles_h * tiles_w; }
};

/** A convolution as phases; nothing where its window is too large. */
std::optional<TiledConvolution> tiled_convolution(const WindowGeometry& g);

/** Its input gradient as phases; nothing where its window is too large. */
std::optional<TiledConvolution> tiled_input_gradient(const WindowGeometry& g);

/** The pixels of the images x that a tile reads, row by row; `outside` stands for those that there are not. */
void read_pixels(const float** pixels, const TiledConvolution& convolution, const Phase& phase, int64_t tile, const float* x,
                 const float* outside);

/** The pixels of the images y that a tile writes; Float is float, or const float to read them. */
template <typename Float>
void written_pixels(Float** pixels, const TiledConvolution& convolution, const Phase& phase, int64_t tile, Float* y, Float* outside);

}  // namespace gannet
