#pragma once

#include <algorithm>

#include "kernels.h"

// The phases of an input gradient: pixels of the image whose windows hit the same taps of the filter.
//
// Pixel h of the image is read by output p through tap r = h + top - stride p. All pixels of one residue of (h + top) mod stride see the
// taps r = residue, residue + stride, ... and no others, so that each residue is a dense product over its own taps, and nothing is
// multiplied by the zeros that a transposed convolution would insert. For a 5x5 filter of stride 2: 9, 6, 6 and 4 taps.
namespace gannet::kernels {

/** One residue along one axis. */
struct AxisPhase {
  int residue;
  /** Taps residue + stride i, i < taps. */
  int taps;
  /** Pixels first + stride j, j < pixels. */
  int first, pixels;
  /** The output that pixel j reads through tap i is start + j - i. */
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

/** A pair of residues; `count` phases with pixels in them, most taps first. */
struct Phase {
  AxisPhase h, w;
};

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
