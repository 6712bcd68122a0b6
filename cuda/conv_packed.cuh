#pragma once

#include "conv_fragments.cuh"

// The product of two tiles of bfloat16 on the tensor cores.
//
// A tile holds 64 steps. ldmatrix loads fragments of m16n8k16 as the tensor cores take them, without a conversion: matrices of 8 rows x 8
// steps as they lie, or transposed where lines lie along rows. Steps are counted in words here, two to a word.
namespace gannet::kernels {

/** Loads from a tile of `vector` elements at a time: pairs of steps. */
template <int rows, Contiguous contiguous, int vector = kEights>
struct PairLoader {
  /** 16 rows x 16 steps from word k on. */
  __device__ __forceinline__ static void load_a(uint32_t (&a)[4], const float* tile, int first_row, int k) {
    const int lane = threadIdx.x % kWarpSize;
    ldmatrix_x4(a, tile + row_major<0>(first_row + (lane & 15), k + ((lane >> 4) << 2)));
  }

  /** `count` times 8 columns x 16 steps. */
  template <int count>
  __device__ __forceinline__ static void load_b(uint32_t (&b)[count][2], const float* tile, int first_column, int k) {
    const int lane = threadIdx.x % kWarpSize;
    if constexpr (count == 1) {
      ldmatrix_x2(b[0], tile + row_major<0>(first_column + (lane & 7), k + (((lane >> 3) & 1) << 2)));
    } else {
#pragma unroll
      for (int i = 0; i < count; i += 2) {
        uint32_t matrices[4];
        const int column = first_column + i * 8 + (lane & 7) + ((lane >> 4) << 3);
        ldmatrix_x4(matrices, tile + row_major<0>(column, k + (((lane >> 3) & 1) << 2)));
#pragma unroll
        for (int j = 0; j < 4; j++) b[i + j / 2][j % 2] = matrices[j];
      }
    }
  }
};

/** Loads from lines along rows. */
template <int rows>
struct PairLoader<rows, Contiguous::kRows, kEights> {
  __device__ __forceinline__ static void load_a(uint32_t (&a)[4], const float* tile, int first_row, int k) {
    const int lane = threadIdx.x % kWarpSize;
    ldmatrix_x4_trans(a, tile + line_of_eights<rows>(first_row + (lane & 8), 2 * k + (lane & 7) + ((lane >> 4) << 3)));
  }

  template <int count>
  __device__ __forceinline__ static void load_b(uint32_t (&b)[count][2], const float* tile, int first_column, int k) {
    const int lane = threadIdx.x % kWarpSize, line = 2 * k + (lane & 15);
    if constexpr (count == 1) {
      ldmatrix_x2_trans(b[0], tile + line_of_eights<rows>(first_column, line));
    } else {
#pragma unroll
      for (int i = 0; i < count; i += 2) {
        uint32_t matrices[4];
        ldmatrix_x4_trans(matrices, tile + line_of_eights<rows>(first_column + i * 8 + ((lane >> 4) << 3), line));
#pragma unroll
        for (int j = 0; j < 4; j++) b[i + j / 2][j % 2] = matrices[j];
      }
    }
  }
};

/** Loads from lines of float32, rounded on their way. */
template <int rows>
struct PairLoader<rows, Contiguous::kRows, 1> {
  template <int count>
  __device__ __forceinline__ static void load_b(uint32_t (&b)[count][2], const float* tile, int first_column, int k) {
    const int lane = threadIdx.x % kWarpSize, line = 2 * k + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < count; i++) {
      const int column = first_column + i * 8 + lane / 4;
#pragma unroll
      for (int j = 0; j < 2; j++) {
        b[i][j] = pack_bf16(tile[line_major<rows>(column, line + j * 8)], tile[line_major<rows>(column, line + j * 8 + 1)]);
      }
    }
  }
};

/** How tiles are multiplied of which A is bfloat16; `vector_b` tells what B is. */
template <class Tile, class A, class B, int vector_b>
class PackedSums : public WarpSums<Tile> {
 public:
  __device__ __forceinline__ void multiply(const float* tile_a, const float* tile_b) {
#pragma unroll 2
    for (int k = 0; k < kStep; k += 8) {
      uint32_t b[kCountB][2];
      PairLoader<Tile::kColumns, B::kContiguous, vector_b>::load_b(b, tile_b, column_, k);
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        uint32_t a[4];
        PairLoader<Tile::kRows, A::kContiguous>::load_a(a, tile_a, row_ + i * 16, k);
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k16_bf16(sums_[i][j], a, b[j]);
      }
    }
  }

 private:
  using WarpSums<Tile>::kCountA, WarpSums<Tile>::kCountB, WarpSums<Tile>::row_, WarpSums<Tile>::column_, WarpSums<Tile>::sums_;
};

}  // namespace gannet::kernels
