#pragma once

#include <type_traits>

#include "async_copy.h"
#include "conv_operands.cuh"
#include "kernels.h"

// Tiles of operands in shared memory, and the copies that fill them.
//
// A tile holds `rows` rows (or columns of the result) by 32 steps of the reduction, as float32, in the order of its operand in memory:
//
//   contiguous along the reduction   [row][32]: a row is 128 bytes, eight chunks of 16; chunk j of a row lies at j ^ key(row)
//   contiguous along the rows        [32][rows]: column r of line k lies at r ^ 8 (k mod 4)
//
// Both keys spread what one warp reads together over all 32 banks: eight rows at one chunk, or four lines of eight columns.
//
// An operand that is bfloat16 in memory stays so, and a tile holds 64 steps of it in the same bytes:
//
//   contiguous along the reduction   [row][32 pairs of steps], as above
//   contiguous along the rows        [64][rows / 8 chunks]: chunk j of line k lies at j ^ (k mod 8), for eight lines at one chunk
//
// Where the other operand's rows are no multiple of 8, it stays float32 and has 64 lines too.
namespace gannet::kernels {

/** Words along the reduction in a tile: 128 bytes. */
constexpr int kStep = 32;

/** Elements that 16 bytes hold, by which kernels know an operand that is bfloat16 in memory. */
constexpr int kEights = 8;

/** Steps of the reduction in the tiles of operands of which A is copied `vector_a` elements at a time. */
template <int vector_a>
constexpr int kStepsOf = vector_a == kEights ? 2 * kStep : kStep;

/** How the threads of a block share a tile of the result. Warps for the tensor cores: warps_m x warps_n. */
template <int rows, int columns, int warps_m, int warps_n>
struct Tile {
  static constexpr int kRows = rows, kColumns = columns;
  static constexpr int kWarpsM = warps_m, kWarpsN = warps_n;
  static constexpr int kThreads = 32 * warps_m * warps_n;
};

/** One stage of the ring: a tile of A, then one of B, in words. */
template <class Tile, int vector_a, int vector_b>
struct RingStage {
  static constexpr int kSteps = kStepsOf<vector_a>;
  static constexpr int kWordsA = Tile::kRows * (vector_a == kEights ? kSteps / 2 : kSteps);
  static constexpr int kWordsB = Tile::kColumns * (vector_b == kEights ? kSteps / 2 : kSteps);
  static constexpr int kWords = kWordsA + kWordsB;
};

using Tile128x128 = Tile<128, 128, 2, 4>;
using Tile128x64 = Tile<128, 64, 4, 2>;
using Tile64x64 = Tile<64, 64, 2, 2>;
using Tile128x8 = Tile<128, 8, 4, 1>;

/** Place in a tile that is contiguous along the reduction. key(row) = row >> key_shift: 0 tells apart eight successive rows, as
 *  ldmatrix reads them, 2 eight rows that are four apart, as threads of the float32 product read them. */
template <int key_shift>
__device__ __forceinline__ int row_major(int row, int k) {
  return row * kStep + ((((k >> 2) ^ (row >> key_shift)) & 7) << 2) + (k & 3);
}

/** Place in a tile that is contiguous along its rows. */
template <int rows>
__device__ __forceinline__ int line_major(int row, int k) {
  return k * rows + (row ^ (((k & 3) << 3) & (rows - 1)));
}

/** Place in a tile of bfloat16 that is contiguous along its rows, in words; `row` is a multiple of 8. */
template <int rows>
__device__ __forceinline__ int line_of_eights(int row, int k) {
  constexpr int kChunks = rows / kEights;
  return k * (rows / 2) + (((row / kEights) ^ (k & 7 & (kChunks - 1))) << 2);
}

/** Copies whose addresses are worked out side by side. With two the largest tiles would spill on sm_100. */
constexpr int kCopiesAtOnce = GANNET_ARCH >= 1000 ? 1 : 2;

template <int vector>
__device__ __forceinline__ void copy_async(float* shared, const void* global, bool valid) {
  if constexpr (vector == 1) {
    cp_async_4(shared, global, valid);
  } else {
    cp_async_16(shared, global, valid);
  }
}

template <int vector, class Operand>
__device__ __forceinline__ void copy_element(float* shared, const Operand& operand, const Position& row, const Position& step) {
  const bool inside = static_cast<unsigned>(row.h + step.h) < static_cast<unsigned>(operand.height) &&
                      static_cast<unsigned>(row.w + step.w) < static_cast<unsigned>(operand.width);
  const auto* data = static_cast<const std::conditional_t<vector == kEights, unsigned short, float>*>(operand.data);
  copy_async<vector>(shared, inside ? data + (row.offset + step.offset) : data, inside);
}

/** A position in 8 bytes. */
struct PackedPosition {
  int offset;
  uint32_t point;

  __device__ __forceinline__ static PackedPosition pack(const Position& p) {
    return {p.offset, (static_cast<uint32_t>(p.h) << 16) | (static_cast<uint32_t>(p.w) & 0xffffu)};
  }

  __device__ __forceinline__ Position unpack() const {
    return {offset, static_cast<int32_t>(point) >> 16, static_cast<int16_t>(point & 0xffffu)};
  }
};

/** Copies an operand's tiles of `steps` steps to shared memory, `vector` elements at a time. A thread keeps to one chunk of the contiguous
 *  axis. */
template <class Operand, int rows, int steps, int vector, int threads, int key_shift, Contiguous contiguous = Operand::kContiguous>
class TileLoader;

template <class Operand, int rows, int steps, int vector, int threads, int key_shift>
class TileLoader<Operand, rows, steps, vector, threads, key_shift, Contiguous::kReduction> {
 public:
  /** Positions that cost divisions are found once, and kept for the whole kernel. */
  static constexpr bool kTabulated = Operand::Rows::kTabulated;
  static constexpr int kTableEntries = kTabulated ? rows : 0;

  __device__ __forceinline__ TileLoader(const Operand& operand, int first_row, PackedPosition* table)
      : operand_(operand), first_row_(first_row), table_(table) {
    if constexpr (kTabulated) {
      for (int i = threadIdx.x; i < rows; i += threads) table[i] = PackedPosition::pack(operand.rows.position(first_row + i));
    }
  }

  __device__ __forceinline__ void load(float* tile, int step) const {
    static_assert(steps == kStepsOf<vector>);
    constexpr int kChunks = steps / vector, kChunkWords = kStep / kChunks;
    constexpr int kRowsAtOnce = threads / kChunks;
    const int chunk = threadIdx.x % kChunks;
    const Position along = operand_.steps.position(step * steps + chunk * vector);
#pragma unroll kCopiesAtOnce
    for (int row = threadIdx.x / kChunks; row < rows; row += kRowsAtOnce) {
      copy_element<vector>(tile + row_major<key_shift>(row, chunk * kChunkWords), operand_, position(row), along);
    }
  }

 private:
  __device__ __forceinline__ Position position(int row) const {
    if constexpr (kTabulated) {
      return table_[row].unpack();
    } else {
      return operand_.rows.position(first_row_ + row);
    }
  }

  const Operand& operand_;
  int first_row_;
  const PackedPosition* table_;
};

template <class Operand, int rows, int steps, int vector, int threads, int key_shift>
class TileLoader<Operand, rows, steps, vector, threads, key_shift, Contiguous::kRows> {
 public:
  static constexpr bool kTabulated = false;
  static constexpr int kTableEntries = 0;

  __device__ __forceinline__ TileLoader(const Operand& operand, int first_row, PackedPosition*)
      : operand_(operand), along_(operand.rows.position(first_row + (threadIdx.x % kChunks) * vector)) {}

  __device__ __forceinline__ void load(float* tile, int step) const {
    constexpr int kLinesAtOnce = threads / kChunks;
    const int row = (threadIdx.x % kChunks) * vector;
#pragma unroll kCopiesAtOnce
    for (int k = threadIdx.x / kChunks; k < steps; k += kLinesAtOnce) {
      copy_element<vector>(tile + place(row, k), operand_, along_, operand_.steps.position(step * steps + k));
    }
  }

 private:
  __device__ __forceinline__ static int place(int row, int k) {
    return vector == kEights ? line_of_eights<rows>(row, k) : line_major<rows>(row, k);
  }

  static constexpr int kChunks = rows / vector;
  const Operand& operand_;
  Position along_;
};

}  // namespace gannet::kernels
