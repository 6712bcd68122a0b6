#include "products/launch_product.cuh"
#include "products/windows.h"

// Convolution: y[n, p, q, k] = sum over r, s, c of x[n, stride p + r - top, stride q + s - left, c] w[k, r, s, c].
//
// A product whose rows are pixels of y and whose columns are filters. The reduction runs over taps and channels.
// A: the window of pixel (p, q) starts at (stride p - top, stride q - left) of the image. Each tap moves on from there. Rows of A are
//    gathered from the image, 16 bytes of channels at a time.
// B: the filters, as they lie in memory.
namespace gannet::kernels {

using ForwardProduct = Product<Operand<Pixels, Taps, Contiguous::kReduction>, Operand<Line, Line, Contiguous::kReduction>, Line>;
using ForwardParameters = ProductParameters<ForwardProduct, 1>;

/** y (N P Q, K) from x (N, H, W, C) and w (K, R S C). Grid, block and shared memory: implicit_gemm.cuh. */
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
  ForwardParameters parameters{};
  parameters.phases = 1;
  parameters.phase[0] = {
      .a = {.data = args.first, .rows = windows_of(s), .steps = taps_of(s), .height = s.h, .width = s.w},
      .b = {.data = args.second, .rows = {.count = s.k, .pitch = taps}, .steps = {.count = taps, .pitch = 1}},
      .out = {.count = pixels, .pitch = s.k},
      .rows = pixels,
      .columns = s.k,
      .reduction = taps,
  };
  launch_product<ForwardFamily>(args, parameters, args.result, int64_t{pixels} * s.k, stream);
}

}  // namespace gannet::kernels
