#include "products/launch_product.cuh"

// Filter gradient: dw[k, r, s, c] = sum over n, p, q of dy[n, p, q, k] x[n, stride p + r - top, stride q + s - left, c].
//
// A product of filters by taps and channels, reduced over all pixels of dy: few blocks and a long reduction, so that it is split, and the
// parts summed in fixed order. Both operands are read as they lie, contiguous along filters and along channels.
namespace gannet::kernels {

using FilterGradientProduct = Product<Operand<Line, Line, Contiguous::kRows>, Operand<Taps, Pixels, Contiguous::kRows>, Line>;
using FilterGradientParameters = ProductParameters<FilterGradientProduct, 1>;

/** dw (K, R S C) or its parts from dy (N P Q, K) and x (N, H, W, C). Grid, block and shared memory: products/implicit_gemm.cuh. */
template <class Tile, Precision precision, int vector_a, int vector_b>
__global__ void __launch_bounds__(Tile::kThreads, 2)
    conv2d_filter_gradient_kernel(const __grid_constant__ FilterGradientParameters parameters) {
  compute_product<Tile, precision, vector_a, vector_b>(parameters);
}

namespace {

struct FilterGradientFamily {
  using Parameters = FilterGradientParameters;
  using MixedTile = Tile64x64;
  static constexpr bool kThin = false;

  template <class Tile, Precision precision, int vector_a, int vector_b>
  static KernelOf<FilterGradientFamily> kernel() {
    return conv2d_filter_gradient_kernel<Tile, precision, vector_a, vector_b>;
  }
};

}  // namespace

void conv2d_filter_gradient(const Convolution& args, cudaStream_t stream) {
  const ConvolutionShape& s = args.shape;
  const int taps = s.r * s.s * s.c, pixels = s.n * s.p * s.q;
  const Pixels windows{make_divider(s.p * s.q), make_divider(s.q), pixels, -s.top, -s.left, s.stride_h, s.stride_w,
                       s.h * s.w * s.c,         s.w * s.c,         s.c};
  FilterGradientParameters parameters{};
  parameters.phases = 1;
  parameters.phase[0] = {{args.second, {s.k, 1}, {pixels, s.k}, 1, 1},
                         {args.first, {make_divider(s.c), make_divider(s.s), taps, 1, s.w * s.c, s.c}, windows, s.h, s.w},
                         {s.k, taps},
                         s.k,
                         taps,
                         pixels};
  launch_product<FilterGradientFamily>(args, parameters, args.result, int64_t{s.k} * taps, stream);
}

}  // namespace gannet::kernels
