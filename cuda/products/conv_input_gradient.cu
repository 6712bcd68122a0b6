#include "products/launch_product.cuh"

// Input gradient, which is the transposed convolution: dx[n, h, w, c] = sum over p, q, r, s, k with h = stride p + r - top and
// w = stride q + s - left of dy[n, p, q, k] w[k, r, s, c].
//
// Pixels of equal residues (h + top) mod stride, (w + left) mod stride see the same taps: up to four dense products in one grid, that
// with most taps first so that the short ones fill the gaps at the end. In each, tap i of pixel j reads output start + j - i.
// Rows of A are gathered from dy, 16 bytes of filters at a time; B is read as the filters lie, contiguous along its columns.
namespace gannet::kernels {

using InputGradientProduct = Product<Operand<Pixels, Taps, Contiguous::kReduction>, Operand<Line, FilterTaps, Contiguous::kRows>, Pixels>;
using InputGradientParameters = ProductParameters<InputGradientProduct, kMaximumPhases>;

/** dx (N H W, C) from dy (N, P, Q, K) and w (K, R, S, C). Grid, block and shared memory: products/implicit_gemm.cuh. */
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
  const Pixels outputs{per_sample, per_row, pixels, h.start, w.start, 1, 1, s.p * s.q * s.k, s.q * s.k, s.k};
  const Pixels image{per_sample, per_row, pixels, h.first, w.first, s.stride_h, s.stride_w, s.h * s.w * s.c, s.w * s.c, s.c};
  const Taps back{filters, tap_width, taps, -1, s.q * s.k, s.k};
  const FilterTaps filter{filters,         tap_width, taps, (h.residue * s.s + w.residue) * s.c, s.r * s.s * s.c, s.stride_h * s.s * s.c,
                          s.stride_w * s.c};
  return {{args.first, outputs, back, s.p, s.q}, {args.second, {s.c, 1}, filter, 1, 1}, image, pixels, s.c, taps};
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
