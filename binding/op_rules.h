#pragma once

#include "program.h"

namespace gannet {

/** Checks all that a step must be so that no kernel leaves its memory: inputs, output storage, types and shapes. @throws Error */
void check_step(const Step& step);

/** Geometry of a two-dimensional window over an image. x [N,H,W,C] -> y [N,P,Q,K]; filter [K,R,S,C]. */
struct WindowGeometry {
  int64_t n, h, w, c, k, p, q, r, s;
  int64_t stride_h, stride_w;
  int64_t top, bottom, left, right;
};

/** The geometry of a convolution of `image` with `filter` giving `result`, from any of the three convolution ops. */
WindowGeometry convolution_geometry(const Step& step);
/** The geometry of any of the pooling ops; k = c, and r, s are the window. */
WindowGeometry pooling_geometry(const Step& step);

}  // namespace gannet
