#include "products/launch_product.cuh"

// Matrix products in all transposes: c[i, j] = sum over k of a[i, k] b[k, j].
//
// A transposed operand differs only in the axis along which it is contiguous. It is read as it lies in memory, never rewritten.
namespace gannet::kernels {

template <bool transpose_a, bool transpose_b>
using MatmulProduct = Product<Operand<Line, Line, transpose_a ? Contiguous::kRows : Contiguous::kReduction>,
                              Operand<Line, Line, transpose_b ? Contiguous::kReduction : Contiguous::kRows>, Line>;
template <bool transpose_a, bool transpose_b>
using MatmulParameters = ProductParameters<MatmulProduct<transpose_a, transpose_b>, 1>;

/** c (rows, columns) or its partial sums from a and b. Grid, block and shared memory: implicit_gemm.cuh. */
template <bool transpose_a, bool transpose_b, class Tile, Precision precision, int vector_a, int vector_b>
__global__ void __launch_bounds__(Tile::kThreads, 2)
    matmul_kernel(const __grid_constant__ MatmulParameters<transpose_a, transpose_b> parameters) {
  compute_product<Tile, precision, vector_a, vector_b>(parameters);
}

namespace {

template <bool transpose_a, bool transpose_b>
struct MatmulFamily {
  using Parameters = MatmulParameters<transpose_a, transpose_b>;
  using MixedTile = void;
  static constexpr bool kThin = false;

  template <class Tile, Precision precision, int vector_a, int vector_b>
  static KernelOf<MatmulFamily> kernel() {
    return matmul_kernel<transpose_a, transpose_b, Tile, precision, vector_a, vector_b>;
  }
};

template <bool transpose_a, bool transpose_b>
void launch_matmul(const Matmul& args, cudaStream_t stream) {
  const MatmulShape& s = args.shape;
  const Line rows_a{.count = s.rows, .pitch = transpose_a ? 1 : s.reduction};
  const Line steps_a{.count = s.reduction, .pitch = transpose_a ? s.rows : 1};
  const Line columns_b{.count = s.columns, .pitch = transpose_b ? s.reduction : 1};
  const Line steps_b{.count = s.reduction, .pitch = transpose_b ? 1 : s.columns};
  MatmulParameters<transpose_a, transpose_b> parameters{};
  parameters.phases = 1;
  parameters.phase[0] = {
      .a = {.data = args.first, .rows = rows_a, .steps = steps_a},
      .b = {.data = args.second, .rows = columns_b, .steps = steps_b},
      .out = {.count = s.rows, .pitch = s.columns},
      .rows = s.rows,
      .columns = s.columns,
      .reduction = s.reduction,
  };
  launch_product<MatmulFamily<transpose_a, transpose_b>>(args, parameters, args.result, int64_t{s.rows} * s.columns, stream);
}

}  // namespace

void matmul(const Matmul& args, cudaStream_t stream) {
  const auto launcher = args.shape.transpose_a ? (args.shape.transpose_b ? launch_matmul<true, true> : launch_matmul<true, false>)
                                               : (args.shape.transpose_b ? launch_matmul<false, true> : launch_matmul<false, false>);
  launcher(args, stream);
}

}  // namespace gannet::kernels
