#include "products/launch_product.cuh"

// Convolution: y[n, p, q, k] = sum over r, s, c of x[n, stride p + r - top, stride q + s - left, c] w[k, r, s, c].
//
// A product of pixels of y by filters, reduced over taps and channels. A pixel's window starts at (stride p - top, stride q - left), a
// tap moves it: rows of A are gathered from the image, 16 bytes of channels at a time, rows of B are the filters as they lie.
namespace gannet::kernels {

using ForwardProduct = Product<Operand<Pixels, Taps, Contiguous::kReduction>, Operand<Line, Line, Contiguous::kReduction>, Line>;
using ForwardParameters = ProductParameters<ForwardProduct, 1>;

/** y (N P Q, K) from x (N, H, W, C) and w (K, R S C). Grid, block and shared memory: products/implicit_gemm.cuh. */
template <class Tile, Precision precision, int vector_a, int vector_b>
__global__ void __launch_bounds__(Tile::kThreads, 2) conv2d_forward_kernel(const __grid_constant__ ForwardParameters parameters) {
  compute_product<Tile, precision, vector_a, vector_b>(parameters);
}

namespace {

struct ForwardFamily {
  using Parameters = ForwardParameters;
  using MixedTile = void;
  static constexpr bool kThin = true;

  template <class Tile, Precision precision, int vector_a, int vector_b>
  static KernelOf<ForwardFamily> kernel() {
    return conv2d_forward_kernel<Tile, precision, vector_a, vector_b>;
  }
};

}  // namespace

void conv2d_forward(const Convolution& args, cudaStream_t stream) {
  const ConvolutionShape& s = args.shape;
  const int taps = s.r * s.s * s.c, pixels = s.n * s.p * s.q;
  const Pixels windows{make_divider(s.p * s.q), make_divider(s.q), pixels, -s.top, -s.left, s.stride_h, s.stride_w,
                       s.h * s.w * s.c,         s.w * s.c,         s.c};
  ForwardParameters parameters{};
  parameters.phases = 1;
  parameters.phase[0] = {{args.first, windows, {make_divider(s.c), make_divider(s.s), taps, 1, s.w * s.c, s.c}, s.h, s.w},
                         {args.second, {s.k, taps}, {taps, 1}, 1, 1},
                         {pixels, s.k},
                         pixels,
                         s.k,
                         taps};
  launch_product<ForwardFamily>(args, parameters, args.result, int64_t{pixels} * s.k, stream);
}

}  // namespace gannet::kernels
