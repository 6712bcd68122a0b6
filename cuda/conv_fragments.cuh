#pragma once

#include "conv_tile.cuh"
#include "mma.h"

// The product of two tiles on the tensor cores.
//
// Operands are float32 in shared memory and rounded on their way into the fragments. A fragment of m16n8k8 TF32 holds the steps
// t and t + 4 of eight (t = lane mod 4). The 16-bit products want two neighbouring steps in one register; which steps count as
// neighbours does not matter as long as both operands agree, so that steps t and t + 4 of the same fragment are packed together:
// m16n8k16 takes two fragments of eight steps, m16n8k8 in float16 one. One way of loading serves all formats.
namespace gannet::kernels {

/** The tensor cores of sm_75 know no TF32 and no bfloat16. */
constexpr bool kFloat16Only = GANNET_ARCH != 0 && GANNET_ARCH < 800;

/** Raw fragments of 16 rows x 8 steps, `count` of them one above the other. */
template <int count>
using FragmentsA = float[count][4];
/** Raw fragments of 8 columns x 8 steps. */
template <int count>
using FragmentsB = float[count][2];

/** Loads from a tile that is contiguous along the reduction: every 8 rows x 4 steps are a matrix of ldmatrix. */
template <class Operand, int rows, int count, Contiguous contiguous = Operand::kContiguous>
struct FragmentLoader {
  __device__ __forceinline__ static void load_a(FragmentsA<count>& a, const float* tile, int first_row, int k) {
    const int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int i = 0; i < count; i++) {
      uint32_t matrices[4];
      ldmatrix_x4(matrices, tile + row_major<0>(first_row + i * 16 + (lane & 15), k + ((lane >> 4) << 2)));
#pragma unroll
      for (int j = 0; j < 4; j++) a[i][j] = __uint_as_float(matrices[j]);
    }
  }

  __device__ __forceinline__ static void load_b(FragmentsB<count>& b, const float* tile, int first_column, int k) {
    const int lane = threadIdx.x % kWarpSize;
    if constexpr (count == 1) {
      uint32_t matrices[2];
      ldmatrix_x2(matrices, tile + row_major<0>(first_column + (lane & 7), k + (((lane >> 3) & 1) << 2)));
      b[0][0] = __uint_as_float(matrices[0]);
      b[0][1] = __uint_as_float(matrices[1]);
    } else {
#pragma unroll
      for (int i = 0; i < count; i += 2) {
        uint32_t matrices[4];
        const int column = first_column + i * 8 + (lane & 7) + ((lane >> 4) << 3);
        ldmatrix_x4(matrices, tile + row_major<0>(column, k + (((lane >> 3) & 1) << 2)));
#pragma unroll
        for (int j = 0; j < 4; j++) b[i + j / 2][j % 2] = __uint_as_float(matrices[j]);
      }
    }
  }
};

/** Loads from a tile that is contiguous along its rows, which ldmatrix could transpose for 16-bit elements only: word by word. */
template <class Operand, int rows, int count>
struct FragmentLoader<Operand, rows, count, Contiguous::kRows> {
  __device__ __forceinline__ static void load_a(FragmentsA<count>& a, const float* tile, int first_row, int k) {
    const int lane = threadIdx.x % kWarpSize;
    const int row = first_row + lane / 4, step = k + lane % 4;
#pragma unroll
    for (int i = 0; i < count; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) a[i][j] = tile[line_major<rows>(row + i * 16 + (j % 2) * 8, step + (j / 2) * 4)];
    }
  }

  __device__ __forceinline__ static void load_b(FragmentsB<count>& b, const float* tile, int first_column, int k) {
    const int lane = threadIdx.x % kWarpSize;
    const int column = first_column + lane / 4, step = k + lane % 4;
#pragma unroll
    for (int i = 0; i < count; i++) {
#pragma unroll
      for (int j = 0; j < 2; j++) b[i][j] = tile[line_major<rows>(column + i * 8, step + j * 4)];
    }
  }
};

/** The sums of one warp, in fragments of 16 x 8, and how tiles are multiplied into them. */
template <class Tile, Precision precision, class A, class B>
class TensorSums {
 public:
  static constexpr int kKeyShift = 0;

  __device__ __forceinline__ TensorSums()
      : row_((threadIdx.x / kWarpSize / Tile::kWarpsN) * kWarpRows), column_((threadIdx.x / kWarpSize % Tile::kWarpsN) * kWarpColumns) {}

  __device__ __forceinline__ void multiply(const float* tile_a, const float* tile_b) {
    if constexpr (kFloat16Only) {
      multiply_f16(tile_a, tile_b);
    } else if constexpr (precision == Precision::kTf32) {
      multiply_tf32(tile_a, tile_b);
    } else {
      multiply_bf16(tile_a, tile_b);
    }
  }

  /** Calls store(row in tile, column in tile, sums of `2` neighbouring columns) for all that this thread holds. */
  template <class Store>
  __device__ __forceinline__ void for_each(const Store& store) const {
    const int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int i = 0; i < kCountA; i++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const auto row = store.row(row_ + i * 16 + half * 8 + lane / 4);
#pragma unroll
        for (int j = 0; j < kCountB; j++) {
          const float pair[2] = {sums_[i][j][half * 2], sums_[i][j][half * 2 + 1]};
          store(row, column_ + j * 8 + (lane % 4) * 2, pair);
        }
      }
    }
  }

 private:
  static constexpr int kWarpRows = Tile::kRows / Tile::kWarpsM, kWarpColumns = Tile::kColumns / Tile::kWarpsN;
  static constexpr int kCountA = kWarpRows / 16, kCountB = kWarpColumns / 8;
  using LoaderA = FragmentLoader<A, Tile::kRows, kCountA>;
  using LoaderB = FragmentLoader<B, Tile::kColumns, kCountB>;

  __device__ __forceinline__ void multiply_tf32(const float* tile_a, const float* tile_b) {
#pragma unroll
    for (int k = 0; k < kStep; k += 8) {
      FragmentsA<kCountA> a;
      FragmentsB<kCountB> b;
      LoaderA::load_a(a, tile_a, row_, k);
      LoaderB::load_b(b, tile_b, column_, k);
      uint32_t rounded_b[kCountB][2];
#pragma unroll
      for (int j = 0; j < kCountB; j++) {
#pragma unroll
        for (int i = 0; i < 2; i++) rounded_b[j][i] = to_tf32(b[j][i]);
      }
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        const uint32_t rounded_a[4] = {to_tf32(a[i][0]), to_tf32(a[i][1]), to_tf32(a[i][2]), to_tf32(a[i][3])};
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k8_tf32(sums_[i][j], rounded_a, rounded_b[j]);
      }
    }
  }

  __device__ __forceinline__ void multiply_bf16(const float* tile_a, const float* tile_b) {
#pragma unroll
    for (int k = 0; k < kStep; k += 16) {
      uint32_t a[kCountA][4], b[kCountB][2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        FragmentsA<kCountA> raw_a;
        FragmentsB<kCountB> raw_b;
        LoaderA::load_a(raw_a, tile_a, row_, k + half * 8);
        LoaderB::load_b(raw_b, tile_b, column_, k + half * 8);
#pragma unroll
        for (int i = 0; i < kCountA; i++) {
          a[i][half * 2] = pack_bf16(raw_a[i][0], raw_a[i][2]);
          a[i][half * 2 + 1] = pack_bf16(raw_a[i][1], raw_a[i][3]);
        }
#pragma unroll
        for (int j = 0; j < kCountB; j++) b[j][half] = pack_bf16(raw_b[j][0], raw_b[j][1]);
      }
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k16_bf16(sums_[i][j], a[i], b[j]);
      }
    }
  }

  __device__ __forceinline__ void multiply_f16(const float* tile_a, const float* tile_b) {
#pragma unroll
    for (int k = 0; k < kStep; k += 8) {
      FragmentsA<kCountA> a;
      FragmentsB<kCountB> b;
      LoaderA::load_a(a, tile_a, row_, k);
      LoaderB::load_b(b, tile_b, column_, k);
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        const uint32_t packed_a[2] = {pack_f16(a[i][0], a[i][2]), pack_f16(a[i][1], a[i][3])};
#pragma unroll
        for (int j = 0; j < kCountB; j++) {
          const uint32_t packed_b[1] = {pack_f16(b[j][0], b[j][1])};
          mma_m16n8k8_f16(sums_[i][j], packed_a, packed_b);
        }
      }
    }
  }

  int row_, column_;
  float sums_[kCountA][kCountB][4] = {};
};

}  // namespace gannet::kernels
