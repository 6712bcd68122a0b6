#pragma once

#include "products/fragments.cuh"

// The product of two tiles in exact float32, on the CUDA cores.
//
// A thread computes 16 rows x 8 columns (fewer in smaller tiles), as groups of four neighbours: rows 4 y to 4 y + 3, then four more further
// down, and so on. A warp is 8 threads along the columns by 4 along the rows. So each load of a warp from shared memory reads at most eight
// different addresses, which the keys of tile.cuh put into different banks. Two steps of the reduction are loaded at a time: their operands
// take 48 registers, beside the 128 of the sums.
namespace gannet::kernels {

/** Steps of one iteration of the inner loop. They lie in one chunk of 16 bytes, so that the tile's key is computed once for all of them. */
constexpr int kTurn = 4;

/** Loads what one thread needs of a tile: `count` rows, in groups of up to four neighbours that are spread evenly over the tile. */
template <int rows, int count, Contiguous contiguous>
class RowLoader {
 public:
  /** `tile` is the address in the first stage, and a `stage` is given by its distance from there in bytes. The tile's pointer and the place
   *  in it are kept apart: of whole addresses the compiler would keep so many in registers that it spills. */
  __device__ __forceinline__ RowLoader(SharedAddress tile, int first_row)
      : tile_(tile.as<const float>()), place_(settled(contiguous == Contiguous::kReduction ? row_major<2>(first_row, 0) : first_row)) {}

  /** The values of steps k + pair and k + pair + 1; k is a multiple of 4 and `pair` 0 or 2. */
  __device__ __forceinline__ void load(float (&values)[count][2], int stage, int k, int pair) const {
    if constexpr (contiguous == Contiguous::kReduction) {
      const float* source = tile_ + stage / kWordBytes + (place_ ^ k) + pair;
#pragma unroll
      for (int i = 0; i < count; i++) {
        const float2 both = *reinterpret_cast<const float2*>(source + (i % kGroup + i / kGroup * kJump) * kStep);
        values[i][0] = both.x;
        values[i][1] = both.y;
      }
    } else {
#pragma unroll
      for (int step = 0; step < 2; step++) load_line(values, tile_ + stage / kWordBytes + k * rows, pair + step, step);
    }
  }

 private:
  static constexpr int kGroup = count < 4 ? count : 4;
  static constexpr int kJump = rows / (count / kGroup);

  __device__ __forceinline__ void load_line(float (&values)[count][2], const float* first, int line, int step) const {
    const float* source = first + (place_ ^ line_key<rows>(line)) + line * rows;
#pragma unroll
    for (int i = 0; i < count; i += kGroup) {
      if constexpr (kGroup == 4) {
        const float4 four = load4(source + i / kGroup * kJump);
        values[i][step] = four.x;
        values[i + 1][step] = four.y;
        values[i + 2][step] = four.z;
        values[i + 3][step] = four.w;
      } else {
#pragma unroll
        for (int j = 0; j < kGroup; j++) values[i + j][step] = source[i / kGroup * kJump + j];
      }
    }
  }

  const float* tile_;
  int place_;
};

/** The sums of one thread. */
template <class Tile, class A, class B>
class FloatSums {
 public:
  static constexpr int kKeyShift = 2;

  __device__ __forceinline__ FloatSums(SharedAddress tile_a, SharedAddress tile_b)
      : row_(thread_y() * kGroupRows), column_(thread_x() * kGroupColumns), loader_a_(tile_a, row_), loader_b_(tile_b, column_) {}

  __device__ __forceinline__ void multiply(int stage) {
#pragma unroll 1
    for (int k = 0; k < kStep; k += kTurn) {
#pragma unroll
      for (int pair = 0; pair < kTurn; pair += 2) {
        float a[kRows][2], b[kColumns][2];
        loader_b_.load(b, stage, k, pair);
        loader_a_.load(a, stage, k, pair);
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
  static constexpr int kColumns = Tile::kColumns >= 64 ? 8 : 2;
  static constexpr int kRows = Tile::kRows * Tile::kColumns / Tile::kThreads / kColumns;
  static constexpr int kGroupRows = kRows < 4 ? kRows : 4;
  static constexpr int kGroupColumns = kColumns < 4 ? kColumns : 4;
  static constexpr int kThreadsX = Tile::kColumns / kColumns;
  static constexpr int kLanesX = kThreadsX < 8 ? kThreadsX : 8;
  static constexpr int kWarpsX = kThreadsX / kLanesX;

  __device__ __forceinline__ static int thread_x() { return threadIdx.x % kLanesX + threadIdx.x / kWarpSize % kWarpsX * kLanesX; }
  __device__ __forceinline__ static int thread_y() {
    return threadIdx.x % kWarpSize / kLanesX + threadIdx.x / kWarpSize / kWarpsX * (kWarpSize / kLanesX);
  }

  int row_, column_;
  RowLoader<Tile::kRows, kRows, A::kContiguous> loader_a_;
  RowLoader<Tile::kColumns, kColumns, B::kContiguous> loader_b_;
  float sums_[kRows][kColumns] = {};
};

}  // namespace gannet::kernels
