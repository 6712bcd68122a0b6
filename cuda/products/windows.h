#pragma once

#include "kernels.h"
#include "products/operands.cuh"

// How the forward convolution and the filter gradient walk through the image: both read x at window (p, q), tap (r, s) and channel c.
namespace gannet::kernels {

/** Where the window of each pixel of y starts in the image. */
inline Pixels windows_of(const ConvolutionShape& s) {
  return {.per_sample = make_divider(s.p * s.q),
          .per_row = make_divider(s.q),
          .count = s.n * s.p * s.q,
          .start_h = -s.top,
          .start_w = -s.left,
          .step_h = s.stride_h,
          .step_w = s.stride_w,
          .pitch_sample = s.h * s.w * s.c,
          .pitch_h = s.w * s.c,
          .pitch_w = s.c};
}

/** How far each tap and channel lies from the start of a window. */
inline Taps taps_of(const ConvolutionShape& s) {
  return {
      .channels = make_divider(s.c), .width = make_divider(s.s), .count = s.r * s.s * s.c, .sign = 1, .pitch_h = s.w * s.c, .pitch_w = s.c};
}

}  // namespace gannet::kernels
