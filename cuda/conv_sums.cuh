#pragma once

#include "conv_fragments.cuh"

// The product of two tiles in exact float32, on the CUDA cores.
//
// A thread computes 8 rows x 8 columns (fewer in smaller tiles) as groups of four neighbours: rows 4 y .. 4 y + 3, and the same again
// half a tile below. A warp is 8 threads along the columns by 4 along the rows, so that each shared load of a warp touches at most
// eight distinct places, which the tiles' keys keep in distinct banks. Two steps of the reduction at a time hold the operands in 32
// registers beside 64 sums.
namespace gannet::kernels {

/** What one thread reads of a tile for steps k and k + 1: `count` rows, in groups of up to four neighbours spread evenly over the tile. */
template <int rows, int count, Contiguous contiguous>
__device__ __forceinline__ void load_pair(float (&values)[count][2], const float* tile, int first_row, int k) {
  constexpr int kGroup = count < 4 ? count : 4;
  constexpr int kJump = rows / (count / kGroup);
  if constexpr (contiguous == Contiguous::kReduction) {
#pragma unroll
    for (int i = 0; i < count; i++) {
      const float2 pair = *reinterpret_cast<const float2*>(tile + row_major<2>(first_row + i % kGroup + i / kGroup * kJump, k));
      values[i][0] = pair.x;
      values[i][1] = pair.y;
    }
  } else {
#pragma unroll
    for (int step = 0; step < 2; step++) {
#pragma unroll
      for (int i = 0; i < count; i += kGroup) {
        const float* source = tile + line_major<rows>(first_row + i / kGroup * kJump, k + step);
        if constexpr (kGroup == 4) {
          const float4 four = load4(source);
          values[i][step] = four.x;
          values[i + 1][step] = four.y;
          values[i + 2][step] = four.z;
          values[i + 3][step] = four.w;
        } else {
#pragma unroll
          for (int j = 0; j < kGroup; j++) values[i + j][step] = source[j];
        }
      }
    }
  }
}

/** The sums of one thread. */
template <class Tile, class A, class B>
class FloatSums {
 public:
  static constexpr int kKeyShift = 2;

  __device__ __forceinline__ FloatSums() {
    const int lane = threadIdx.x % kWarpSize, warp = threadIdx.x / kWarpSize;
    const int x = lane % kLanesX + warp % kWarpsX * kLanesX;
    const int y = lane / kLanesX + warp / kWarpsX * (kWarpSize / kLanesX);
    row_ = y * kGroupRows;
    column_ = x * kGroupColumns;
  }

  __device__ __forceinline__ void multiply(const float* tile_a, const float* tile_b) {
#pragma unroll 1
    for (int k = 0; k < kStep; k += 2) {
      float a[kRows][2], b[kColumns][2];
      load_pair<Tile::kRows, kRows, A::kContiguous>(a, tile_a, row_, k);
      load_pair<Tile::kColumns, kColumns, B::kContiguous>(b, tile_b, column_, k);
#pragma unroll
      for (int step = 0; step < 2; step++) {
#pragma unroll
        for (int i = 0; i < kRows; i++) {
#pragma unroll
          for (int j = 0; j < kColumns; j++) sums_[i][j] = fmaf(a[i][step], b[j][step], sums_[i][j]);
        }
      }
    }
  }

  /** Calls store(row in tile, column in tile, sums of neighbouring columns) for all that this thread holds. */
  template <class Store>
  __device__ __forceinline__ void for_each(const Store& store) const {
#pragma unroll
    for (int i = 0; i < kRows; i++) {
      const int row = row_ + i % kGroupRows + i / kGroupRows * (Tile::kRows / (kRows / kGroupRows));
#pragma unroll
      for (int j = 0; j < kColumns; j += kGroupColumns) {
        float group[kGroupColumns];
#pragma unroll
        for (int e = 0; e < kGroupColumns; e++) group[e] = sums_[i][j + e];
        store(row, column_ + j / kGroupColumns * (Tile::kColumns / (kColumns / kGroupColumns)), group);
      }
    }
  }

 private:
  static constexpr int kColumns = Tile::kColumns == 128 ? 8 : Tile::kColumns == 64 ? 4 : 2;
  static constexpr int kRows = Tile::kRows * Tile::kColumns / Tile::kThreads / kColumns;
  static constexpr int kGroupRows = kRows < 4 ? kRows : 4;
  static constexpr int kGroupColumns = kColumns < 4 ? kColumns : 4;
  static constexpr int kThreadsX = Tile::kColumns / kColumns;
  static constexpr int kLanesX = kThreadsX < 8 ? kThreadsX : 8;
  static constexpr int kWarpsX = kThreadsX / kLanesX;

  int row_, column_;
  float sums_[kRows][kColumns] = {};
};

}  // namespace gannet::kernels
