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

/** Loads from a tile that is contiguous along the reduction: every 8 rows x 4 steps are a matrix of ldmatrix. */
template <int rows, Contiguous contiguous>
struct FragmentLoader {
  /** 16 rows x 8 steps, not yet rounded. */
  __device__ __forceinline__ static void load_a(float (&a)[4], const float* tile, int first_row, int k) {
    const int lane = threadIdx.x % kWarpSize;
    uint32_t matrices[4];
    ldmatrix_x4(matrices, tile + row_major<0>(first_row + (lane & 15), k + ((lane >> 4) << 2)));
#pragma unroll
    for (int j = 0; j < 4; j++) a[j] = __uint_as_float(matrices[j]);
  }

  /** `count` times 8 columns x 8 steps, not yet rounded. */
  template <int count>
  __device__ __forceinline__ static void load_b(float (&b)[count][2], const float* tile, int first_column, int k) {
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
template <int rows>
struct FragmentLoader<rows, Contiguous::kRows> {
  __device__ __forceinline__ static void load_a(float (&a)[4], const float* tile, int first_row, int k) {
    const int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int j = 0; j < 4; j++) a[j] = tile[line_major<rows>(first_row + lane / 4 + (j % 2) * 8, k + lane % 4 + (j / 2) * 4)];
  }

  template <int count>
  __device__ __forceinline__ static void load_b(float (&b)[count][2], const float* tile, int first_column, int k) {
    const int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int i = 0; i < count; i++) {
#pragma unroll
      for (int j = 0; j < 2; j++) b[i][j] = tile[line_major<rows>(first_column + i * 8 + lane / 4, k + lane % 4 + j * 4)];
    }
  }
};

/** The sums of one warp, in fragments of 16 x 8. */
template <class Tile>
class WarpSums {
 public:
  static constexpr int kKeyShift = 0;

  __device__ __forceinline__ WarpSums()
      : row_((threadIdx.x / kWarpSize / Tile::kWarpsN) * kWarpRows), column_((threadIdx.x / kWarpSize % Tile::kWarpsN) * kWarpColumns) {}

  /** Calls store(row in tile, column in tile, sums of `2` neighbouring columns) for all that this thread holds. */
  template <class Store>
  __device__ __forceinline__ void for_each(const Store& store) const {
    const int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int i = 0; i < kCountA; i++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
#pragma unroll
        for (int j = 0; j < kCountB; j++) {
          const float pair[2] = {sums_[i][j][half * 2], sums_[i][j][half * 2 + 1]};
          store(row_ + i * 16 + half * 8 + lane / 4, column_ + j * 8 + (lane % 4) * 2, pair);
        }
      }
    }
  }

 protected:
  static constexpr int kWarpRows = Tile::kRows / Tile::kWarpsM, kWarpColumns = Tile::kColumns / Tile::kWarpsN;
  static constexpr int kCountA = kWarpRows / 16, kCountB = kWarpColumns / 8;

  int row_, column_;
  float sums_[kCountA][kCountB][4] = {};
};

/** How tiles of float32 are multiplied. */
template <class Tile, Precision precision, class A, class B>
class TensorSums : public WarpSums<Tile> {
 public:
  __device__ __forceinline__ void multiply(const float* tile_a, const float* tile_b) {
    if constexpr (kFloat16Only) {
      multiply_f16(tile_a, tile_b);
    } else if constexpr (precision == Precision::kTf32) {
      multiply_tf32(tile_a, tile_b);
    } else {
      multiply_bf16(tile_a, tile_b);
    }
  }

 private:
  using WarpSums<Tile>::kCountA, WarpSums<Tile>::kCountB, WarpSums<Tile>::row_, WarpSums<Tile>::column_, WarpSums<Tile>::sums_;
  using LoaderA = FragmentLoader<Tile::kRows, A::kContiguous>;
  using LoaderB = FragmentLoader<Tile::kColumns, B::kContiguous>;

  __device__ __forceinline__ void multiply_tf32(const float* tile_a, const float* tile_b) {
#pragma unroll 2
    for (int k = 0; k < kStep; k += 8) {
      float raw_b[kCountB][2];
      uint32_t b[kCountB][2];
      LoaderB::load_b(raw_b, tile_b, column_, k);
#pragma unroll
      for (int j = 0; j < kCountB; j++) {
#pragma unroll
        for (int i = 0; i < 2; i++) b[j][i] = to_tf32(raw_b[j][i]);
      }
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        float raw[4];
        LoaderA::load_a(raw, tile_a, row_ + i * 16, k);
        const uint32_t a[4] = {to_tf32(raw[0]), to_tf32(raw[1]), to_tf32(raw[2]), to_tf32(raw[3])};
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k8_tf32(sums_[i][j], a, b[j]);
      }
    }
  }

  __device__ __forceinline__ void multiply_bf16(const float* tile_a, const float* tile_b) {
#pragma unroll 1
    for (int k = 0; k < kStep; k += 16) {
      uint32_t b[kCountB][2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float raw[kCountB][2];
        LoaderB::load_b(raw, tile_b, column_, k + half * 8);
#pragma unroll
        for (int j = 0; j < kCountB; j++) b[j][half] = pack_bf16(raw[j][0], raw[j][1]);
      }
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        float low[4], high[4];
        LoaderA::load_a(low, tile_a, row_ + i * 16, k);
        LoaderA::load_a(high, tile_a, row_ + i * 16, k + 8);
        const uint32_t a[4] = {pack_bf16(low[0], low[2]), pack_bf16(low[1], low[3]), pack_bf16(high[0], high[2]), pack_bf16(high[1], high[3])};
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k16_bf16(sums_[i][j], a, b[j]);
      }
    }
  }

  __device__ __forceinline__ void multiply_f16(const float* tile_a, const float* tile_b) {
#pragma unroll 2
    for (int k = 0; k < kStep; k += 8) {
      float raw_b[kCountB][2];
      uint32_t b[kCountB][1];
      LoaderB::load_b(raw_b, tile_b, column_, k);
#pragma unroll
      for (int j = 0; j < kCountB; j++) b[j][0] = pack_f16(raw_b[j][0], raw_b[j][1]);
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        float raw[4];
        LoaderA::load_a(raw, tile_a, row_ + i * 16, k);
        const uint32_t a[2] = {pack_f16(raw[0], raw[2]), pack_f16(raw[1], raw[3])};
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k8_f16(sums_[i][j], a, b[j]);
      }
    }
  }
};

}  // namespace gannet::kernels
