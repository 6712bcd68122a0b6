#include "products/launch_product.cuh"

// Input gradient, which is the transposed convolution: dx[n, h, w, c] = sum over p, q, r, s, k with h = stride p + r - top and
// w = stride q + s - left of dy[n, p, q, k] w[k, r, s, c].
//
// Pixels with equal residues (h + top) mod stride and (w + left) mod stride see the same taps. Such pixels are a phase (phases.h), and each
// phase is a dense product of its own. One grid holds up to four of them. The phase with most taps comes first, so that the short ones
// fill the gaps at the end. In each phase tap i of pixel j reads pixel start + j - i of dy.
// A: rows are gathered from dy, 16 bytes of filters at a time.  B: the filters as they lie, contiguous along the columns.
namespace gannet::kernels {

using InputGradientProduct = Product<Operand<Pixels, Taps, Contiguous::kReduction>, Operand<Line, FilterTaps, Contiguous::kRows>, Pixels>;
using InputGradientParameters = ProductParameters<InputGradientProduct, kMaximumPhases>;

/** dx (N H W, C) from dy (N, P, Q, K) and w (K, R, S, C). Grid, block and shared memory: implicit_gemm.cuh. */
template <class Tile, Precision precision, int vector_a, int vector_b>
__global__ void __launch_bounds__(Tile::kThreads, 2)
    conv2d_input_gradient_kernel(const __grid_constant__ InputGradientParameters parameters) {
  compute_product<Tile, precision, vector_a, vector_b>(parameters);
}

namespace {

struct InputGradientFamily {
  using Parameters = InputGradientParameters;
  using MixedTile = Tile128x8;
  static constexpr bool kThin = true;

  template <class Tile, Precision precision, int vector_a, int vector_b>
  static KernelOf<InputGradientFamily> kernel() {
    return conv2d_input_gradient_kernel<Tile, precision, vector_a, vector_b>;
  }
};

InputGradientProduct product_of(const Convolution& args, const Phase& phase) {
  const ConvolutionShape& s = args.shape;
  const auto& [h, w] = phase;
  const int pixels = s.n * h.pixels * w.pixels, taps = h.taps * w.taps * s.k;
  const Divider per_sample = make_divider(h.pixels * w.pixels), per_row = make_divider(w.pixels);
  const Divider tap_width = make_divider(std::max(1, w.taps)), filters = make_divider(s.k);
  const Pixels outputs{.per_sample = per_sample,
                       .per_row = per_row,
                       .count = pixels,
                       .start_h = h.start,
                       .start_w = w.start,
                       .step_h = 1,
                       .step_w = 1,
                       .pitch_sample = s.p * s.q * s.k,
                       .pitch_h = s.q * s.k,
                       .pitch_w = s.k};
  const Pixels image{.per_sample = per_sample,
                     .per_row = per_row,
                     .count = pixels,
                     .start_h = h.first,
                     .start_w = w.first,
                     .step_h = s.stride_h,
                     .step_w = s.stride_w,
                     .pitch_sample = s.h * s.w * s.c,
                     .pitch_h = s.w * s.c,
                     .pitch_w = s.c};
  const Taps back{.channels = filters, .width = tap_width, .count = taps, .sign = -1, .pitch_h = s.q * s.k, .pitch_w = s.k};
  const FilterTaps filter{.filters = filters,
                          .width = tap_width,
                          .count = taps,
                          .start = (h.residue * s.s + w.residue) * s.c,
                          .pitch_filter = s.r * s.s * s.c,
                          .pitch_h = s.stride_h * s.s * s.c,
                          .pitch_w = s.stride_w * s.c};
  return {
      .a = {.data = args.first, .rows = outputs, .steps = back, .height = s.p, .width = s.q},
      .b = {.data = args.second, .rows = {.count = s.c, .pitch = 1}, .steps = filter},
      .out = image,
      .rows = pixels,
      .columns = s.c,
      .reduction = taps,
  };
}

}  // namespace

void conv2d_input_gradient(const Convolution& args, cudaStream_t stream) {
  const ConvolutionShape& s = args.shape;
  const Phases phases = phases_of(s);
  InputGradientParameters parameters{};
  parameters.phases = phases.count;
  for (int i = 0; i < phases.count; i++) parameters.phase[i] = product_of(args, phases.list[i]);
  launch_product<InputGradientFamily>(args, parameters, args.result, int64_t{s.n} * s.h * s.w * s.c, stream);
}

}  // namespace gannet::kernels
