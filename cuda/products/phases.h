#pragma once

#include <algorithm>

#include "kernels.h"

// The phases of an input gradient: groups of pixels that see the same taps of the filter.
//
// Output p reads pixel h of the image through tap r = h + top - stride p. Let residue = (h + top) mod stride. All pixels with one residue
// see the taps residue, residue + stride, residue + 2 stride, ... and no others. So each residue is a dense product over its own taps, and
// nothing is multiplied by inserted zeros, as it would be in a transposed convolution written as a convolution.
// Example: a 5x5 filter of stride 2 has phases of 9, 6, 6 and 4 taps.
namespace gannet::kernels {

/** One residue along one axis. */
struct AxisPhase {
  int residue;
  /** The taps are residue + stride i for i < taps. */
  int taps;
  /** The pixels are first + stride j for j < pixels. */
  int first, pixels;
  /** Pixel j reads output start + j - i through tap i. */
  int start;
};

inline AxisPhase axis_phase(int residue, int stride, int before, int filter, int image) {
  AxisPhase phase{};
  phase.residue = residue;
  phase.taps = residue < filter ? (filter - residue + stride - 1) / stride : 0;
  phase.first = ((residue - before) % stride + stride) % stride;
  phase.pixels = phase.first < image ? (image - phase.first + stride - 1) / stride : 0;
  phase.start = (phase.first + before - residue) / stride;
  return phase;
}

/** A pair of residues, one along each axis. */
struct Phase {
  AxisPhase h, w;
};

/** The phases that have pixels, most taps first. */
struct Phases {
  Phase list[4];
  int count = 0;
};

inline Phases phases_of(const ConvolutionShape& shape) {
  Phases phases;
  for (int h = 0; h < shape.stride_h; h++) {
    for (int w = 0; w < shape.stride_w; w++) {
      const Phase phase{axis_phase(h, shape.stride_h, shape.top, shape.r, shape.h),
                        axis_phase(w, shape.stride_w, shape.left, shape.s, shape.w)};
      if (phase.h.pixels > 0 && phase.w.pixels > 0) phases.list[phases.count++] = phase;
    }
  }
  std::stable_sort(phases.list, phases.list + phases.count,
                   [](const Phase& a, const Phase& b) { return a.h.taps * a.w.taps > b.h.taps * b.w.taps; });
  return phases;
}

}  // namespace gannet::kernels
