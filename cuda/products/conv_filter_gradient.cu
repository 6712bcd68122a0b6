#include "products/launch_product.cuh"
#include "products/windows.h"

// Filter gradient: dw[k, r, s, c] = sum over n, p, q of dy[n, p, q, k] x[n, stride p + r - top, stride q + s - left, c].
//
// A product whose rows are filters and whose columns are taps and channels. The reduction runs over all pixels of dy. That makes few
// blocks with a long reduction each, so the reduction is split, and its partial sums are added in fixed order.
// A: dy, contiguous along the filters.  B: windows of x, contiguous along the channels. Both are read as they lie in memory.
namespace gannet::kernels {

using FilterGradientProduct = Product<Operand<Line, Line, Contiguous::kRows>, Operand<Taps, Pixels, Contiguous::kRows>, Line>;
using FilterGradientParameters = ProductParameters<FilterGradientProduct, 1>;

/** dw (K, R S C) or its partial sums from dy (N P Q, K) and x (N, H, W, C). Grid, block and shared memory: implicit_gemm.cuh. */
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
  FilterGradientParameters parameters{};
  parameters.phases = 1;
  parameters.phase[0] = {
      .a = {.data = args.second, .rows = {.count = s.k, .pitch = 1}, .steps = {.count = pixels, .pitch = s.k}},
      .b = {.data = args.first, .rows = taps_of(s), .steps = windows_of(s), .height = s.h, .width = s.w},
      .out = {.count = s.k, .pitch = taps},
      .rows = s.k,
      .columns = taps,
      .reduction = pixels,
  };
  launch_product<FilterGradientFamily>(args, parameters, args.result, int64_t{s.k} * taps, stream);
}

}  // namespace gannet::kernels
