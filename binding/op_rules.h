#pragma once

#include <string_view>
#include <vector>

#include "program.h"

namespace gannet {

/** What a step of an op must look like, on every device. */
struct OpRule {
  std::string_view name;
  std::vector<std::string_view> attributes;
  size_t fewest_inputs;
  size_t most_inputs;
  /** Throws Error if shapes or types do not fit; the number of inputs is right already. */
  void (*check)(const Step&);
  /** How many of its first inputs, all variables, it overwrites. */
  size_t written = 0;
};

/** @throws Error `op_unknown` */
const OpRule& rule_of(std::string_view op);

/** Checks the whole step: inputs, output storage, types and shapes. @throws Error */
void check_step(const Step& step, const OpRule& rule);

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
