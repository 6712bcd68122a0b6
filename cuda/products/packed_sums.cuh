#pragma once

#include "products/fragments.cuh"

// The product of two tiles on the tensor cores, where operand A, and mostly B, is bfloat16 in memory.
//
// A tile holds 64 steps. ldmatrix loads fragments of m16n8k16 as the tensor cores take them, without any conversion: matrices of 8 rows x 8
// steps as they lie, or transposed if the tile is contiguous along its rows. Steps are counted in words here, two steps to a word.
namespace gannet::kernels {

/** Loads fragments from a tile that is contiguous along the reduction. Words are loaded in the same way as those of float32, but each holds
 *  two steps. */
template <int rows, int eights, Contiguous contiguous, int vector = kEights>
class PairLoader : public FragmentLoader<rows, eights, contiguous> {
 public:
  __device__ __forceinline__ PairLoader(const FragmentLoader<rows, eights, contiguous>& loader)
      : FragmentLoader<rows, eights, contiguous>(loader) {}
};

/** Loads fragments from a tile that is contiguous along its rows; ldmatrix transposes them. */
template <int rows, int eights>
class PairLoader<rows, eights, Contiguous::kRows, kEights> {
 public:
  __device__ __forceinline__ static PairLoader of_a(SharedAddress tile, int first_row) {
    const int lane = threadIdx.x % kWarpSize;
    return PairLoader(tile, line_of_eights<rows>(first_row + (lane & 8), (lane & 7) + ((lane >> 4) << 3)));
  }

  __device__ __forceinline__ static PairLoader of_b(SharedAddress tile, int first_column) {
    const int lane = threadIdx.x % kWarpSize;
    return PairLoader(tile, line_of_eights<rows>(first_column + (eights == 1 ? 0 : (lane >> 4) << 3), lane & 15));
  }

  __device__ __forceinline__ void load_a(uint32_t (&a)[eights / 2][4], int stage, int k) const {
#pragma unroll
    for (int i = 0; i < eights / 2; i++) ldmatrix_x4_trans(a[i], at(stage, 2 * i, k));
  }

  __device__ __forceinline__ void load_b(uint32_t (&b)[eights][2], int stage, int k) const {
    if constexpr (eights == 1) {
      ldmatrix_x2_trans(b[0], at(stage, 0, k));
    } else {
#pragma unroll
      for (int i = 0; i < eights; i += 2) {
        uint32_t matrices[4];
        ldmatrix_x4_trans(matrices, at(stage, i, k));
#pragma unroll
        for (int j = 0; j < 4; j++) b[i + j / 2][j % 2] = matrices[j];
      }
    }
  }

 private:
  __device__ __forceinline__ PairLoader(SharedAddress tile, int place) : source_((tile + place * kWordBytes).settled()) {}

  /** Chunk `eight` from the thread's own; the bits of its index are zero there. */
  __device__ __forceinline__ SharedAddress at(int stage, int eight, int k) const {
    return ((source_ + stage) ^ eight * 16) + 2 * k * (rows / 2) * kWordBytes;
  }

  SharedAddress source_;
};

/** Fragments of B from lines of float32, rounded on their way. */
template <int rows, int eights>
class PairLoader<rows, eights, Contiguous::kRows, 1> {
 public:
  __device__ __forceinline__ static PairLoader of_b(SharedAddress tile, int first_column) { return PairLoader(tile, first_column); }

  __device__ __forceinline__ void load_b(uint32_t (&b)[eights][2], int stage, int k) const {
    const int lane = threadIdx.x % kWarpSize, line = 2 * k + lane % 4 * 2;
    const float* tile = (tile_ + stage).as<float>();
#pragma unroll
    for (int i = 0; i < eights; i++) {
      const int column = first_column_ + i * 8 + lane / 4;
#pragma unroll
      for (int j = 0; j < 2; j++) {
        b[i][j] = pack_bf16(tile[line_major<rows>(column, line + j * 8)], tile[line_major<rows>(column, line + j * 8 + 1)]);
      }
    }
  }

 private:
  __device__ __forceinline__ PairLoader(SharedAddress tile, int first_column) : tile_(tile), first_column_(first_column) {}

  SharedAddress tile_;
  int first_column_;
};

/** How tiles are multiplied of which A is bfloat16; `vector_b` tells what B is. */
template <class Tile, class A, class B, int vector_b>
class PackedSums : public WarpSums<Tile, FragmentOrder::kStraight, FragmentOrder::kStraight> {
 public:
  __device__ __forceinline__ PackedSums(SharedAddress tile_a, SharedAddress tile_b)
      : loader_a_(LoaderA::of_a(tile_a, Warp::first_row())), loader_b_(LoaderB::of_b(tile_b, Warp::first_column())) {}

  __device__ __forceinline__ void multiply(int stage) {
#pragma unroll
    for (int k = 0; k < kStep; k += 8) {
      uint32_t a[kCountA][4], b[kCountB][2];
      loader_b_.load_b(b, stage, k);
      loader_a_.load_a(a, stage, k);
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k16_bf16(sums_[i][j], a[i], b[j]);
      }
    }
  }

 private:
  using Warp = WarpSums<Tile, FragmentOrder::kStraight, FragmentOrder::kStraight>;
  using Warp::kCountA, Warp::kCountB, Warp::sums_;
  using LoaderA = PairLoader<Tile::kRows, 2 * kCountA, A::kContiguous>;
  using LoaderB = PairLoader<Tile::kColumns, kCountB, B::kContiguous, vector_b>;

  LoaderA loader_a_;
  LoaderB loader_b_;
};

}  // namespace gannet::kernels
