#pragma once

#include "common/mma.h"
#include "products/tile.cuh"

// The product of two tiles of float32 on the tensor cores.
//
// Operands are float32 in shared memory and are rounded when they are loaded into fragments. A lane's fragment of m16n8k8 TF32 holds steps
// t and t + 4 of eight (t = lane mod 4). m16n8k16 in bfloat16 takes two neighbouring steps in one register. Which steps count as
// neighbours does not matter, as long as both operands agree. So steps t and t + 4 of a fragment are packed into one register, and two
// fragments of eight steps make one of m16n8k16. Both formats load their operands in the same way.
//
// "Eights" are groups of 8 rows (or columns) of a fragment.
namespace gannet::kernels {

/** Which rows of the operand the rows of its fragments are.
 *  Straight: rows 0 to 7, then 8 to 15, and so on.
 *  Interleaved: for a tile of float32 that is contiguous along its rows. ldmatrix can only transpose 16-bit elements, so lanes read such a
 *  tile themselves: the four lanes of group g read rows 4 g to 4 g + 3 of 32 in accesses of 16 bytes, and each of these four rows goes to
 *  another eight. */
enum class FragmentOrder { kStraight, kInterleaved };

template <class Operand, int vector>
constexpr FragmentOrder kFragmentOrder =
    Operand::kContiguous == Contiguous::kRows&& vector != kEights ? FragmentOrder::kInterleaved : FragmentOrder::kStraight;

/** The operand's row that lane group g holds in group `eight` of `eights`. */
template <FragmentOrder order, int eights>
__device__ __forceinline__ int row_of(int eight, int g) {
  if constexpr (order == FragmentOrder::kStraight || eights < 4) return eight * 8 + g;
  return eight / 4 * 32 + 4 * g + eight % 4;
}

/** Loads fragments from a tile that is contiguous along the reduction. 8 rows x 4 steps are one matrix of ldmatrix. `tile` is the address
 *  in the first stage, and a `stage` is given by its distance from there in bytes. */
template <int rows, int eights, Contiguous contiguous>
class FragmentLoader {
 public:
  /** For operand A. The four matrices: 8 rows, the 8 rows below, and the same rows 4 words further. */
  __device__ __forceinline__ static FragmentLoader of_a(SharedAddress tile, int first_row) {
    const int lane = threadIdx.x % kWarpSize;
    return FragmentLoader(tile, row_major<0>(first_row + (lane & 15), (lane >> 4) << 2));
  }

  /** For operand B. The four matrices: 8 columns, the same columns 4 words further, and both for the next 8 columns. */
  __device__ __forceinline__ static FragmentLoader of_b(SharedAddress tile, int first_column) {
    const int lane = threadIdx.x % kWarpSize;
    const int second = eights == 1 ? 0 : (lane >> 4) << 3;
    return FragmentLoader(tile, row_major<0>(first_column + (lane & 7) + second, ((lane >> 3) & 1) << 2));
  }

  /** 16 rows x 8 words of each fragment, from word k on. */
  __device__ __forceinline__ void load_a(uint32_t (&a)[eights / 2][4], int stage, int k) const {
#pragma unroll
    for (int i = 0; i < eights / 2; i++) ldmatrix_x4(a[i], at(stage, k) + i * 16 * kStep * kWordBytes);
  }

  /** 8 columns x 8 words of each fragment, from word k on. */
  __device__ __forceinline__ void load_b(uint32_t (&b)[eights][2], int stage, int k) const {
    if constexpr (eights == 1) {
      ldmatrix_x2(b[0], at(stage, k));
    } else {
#pragma unroll
      for (int i = 0; i < eights; i += 2) {
        uint32_t matrices[4];
        ldmatrix_x4(matrices, at(stage, k) + i * 8 * kStep * kWordBytes);
#pragma unroll
        for (int j = 0; j < 4; j++) b[i + j / 2][j % 2] = matrices[j];
      }
    }
  }

 private:
  __device__ __forceinline__ FragmentLoader(SharedAddress tile, int place) : source_((tile + place * kWordBytes).settled()) {}

  __device__ __forceinline__ SharedAddress at(int stage, int k) const { return (source_ + stage) ^ k * kWordBytes; }

  SharedAddress source_;
};

/** Loads fragments of float32 from a tile that is contiguous along its rows; rows are interleaved. */
template <int rows, int eights>
class FragmentLoader<rows, eights, Contiguous::kRows> {
 public:
  __device__ __forceinline__ static FragmentLoader of_a(SharedAddress tile, int first_row) { return FragmentLoader(tile, first_row); }
  __device__ __forceinline__ static FragmentLoader of_b(SharedAddress tile, int first_column) { return FragmentLoader(tile, first_column); }

  __device__ __forceinline__ void load_a(uint32_t (&a)[eights / 2][4], int stage, int k) const {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      uint32_t values[eights];
      load_line(values, stage, k + 4 * half);
#pragma unroll
      for (int i = 0; i < eights; i++) a[i / 2][i % 2 + 2 * half] = values[i];
    }
  }

  __device__ __forceinline__ void load_b(uint32_t (&b)[eights][2], int stage, int k) const {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      uint32_t values[eights];
      load_line(values, stage, k + 4 * half);
#pragma unroll
      for (int i = 0; i < eights; i++) b[i][half] = values[i];
    }
  }

 private:
  static_assert(eights % 4 == 0 || eights == 1);

  __device__ __forceinline__ FragmentLoader(SharedAddress tile, int first_row)
      : source_((tile + place(first_row) * kWordBytes).settled()) {}

  __device__ __forceinline__ static int place(int first_row) {
    const int lane = threadIdx.x % kWarpSize;
    return line_major<rows>(first_row + row_of<FragmentOrder::kInterleaved, eights>(0, lane / 4), lane % 4);
  }

  /** This lane's element of every eight rows, from line k + lane % 4. */
  __device__ __forceinline__ void load_line(uint32_t (&values)[eights], int stage, int k) const {
    const float* source = (source_ + stage).as<float>() + k * rows;
    if constexpr (eights == 1) {
      values[0] = __float_as_uint(source[0]);
    } else {
#pragma unroll
      for (int i = 0; i < eights; i += 4) {
        const float4 four = load4(source + i * 8);
        values[i] = __float_as_uint(four.x);
        values[i + 1] = __float_as_uint(four.y);
        values[i + 2] = __float_as_uint(four.z);
        values[i + 3] = __float_as_uint(four.w);
      }
    }
  }

  SharedAddress source_;
};

/** The sums of one warp in fragments of 16 x 8. The two orders tell which rows and columns of the tile they are. */
template <class Tile, FragmentOrder order_a, FragmentOrder order_b>
class WarpSums {
 public:
  static constexpr int kKeyShift = 0;

  /** Calls store(row in tile, column in tile, sums of neighbouring columns) for all that this thread holds. */
  template <class Store>
  __device__ __forceinline__ void for_each(const Store& store) const {
    const int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int eight = 0; eight < 2 * kCountA; eight++) {
      store_row(store, first_row() + row_of<order_a, 2 * kCountA>(eight, lane / 4), eight, lane % 4);
    }
  }

 protected:
  static constexpr int kWarpRows = Tile::kRows / Tile::kWarpsM, kWarpColumns = Tile::kColumns / Tile::kWarpsN;
  static constexpr int kCountA = kWarpRows / 16, kCountB = kWarpColumns / 8;

  __device__ __forceinline__ static int first_row() { return threadIdx.x / kWarpSize / Tile::kWarpsN * kWarpRows; }
  __device__ __forceinline__ static int first_column() { return threadIdx.x / kWarpSize % Tile::kWarpsN * kWarpColumns; }

  float sums_[kCountA][kCountB][4] = {};

 private:
  /** Lane t of a group of four holds columns 2 t and 2 t + 1 of each fragment. */
  template <class Store>
  __device__ __forceinline__ void store_row(const Store& store, int row, int eight, int t) const {
    const auto& fragments = sums_[eight / 2];
    const int half = eight % 2 * 2;
    if constexpr (order_b == FragmentOrder::kStraight || kCountB < 4) {
#pragma unroll
      for (int j = 0; j < kCountB; j++) {
        const float pair[2] = {fragments[j][half], fragments[j][half + 1]};
        store(row, first_column() + j * 8 + 2 * t, pair);
      }
    } else {
#pragma unroll
      for (int j = 0; j < kCountB; j += 4) {
#pragma unroll
        for (int e = half; e < half + 2; e++) {
          const float four[4] = {fragments[j][e], fragments[j + 1][e], fragments[j + 2][e], fragments[j + 3][e]};
          store(row, first_column() + row_of<order_b, kCountB>(j, 2 * t + e - half), four);
        }
      }
    }
  }
};

/** Multiplies tiles of float32, rounded to TF32 or bfloat16. */
template <class Tile, Precision precision, class A, class B>
class TensorSums : public WarpSums<Tile, kFragmentOrder<A, 1>, kFragmentOrder<B, 1>> {
 public:
  __device__ __forceinline__ TensorSums(SharedAddress tile_a, SharedAddress tile_b)
      : loader_a_(LoaderA::of_a(tile_a, Warp::first_row())), loader_b_(LoaderB::of_b(tile_b, Warp::first_column())) {}

  __device__ __forceinline__ void multiply(int stage) {
    if constexpr (precision == Precision::kTf32) {
      multiply_tf32(stage);
    } else {
      multiply_bf16(stage);
    }
  }

 private:
  using Warp = WarpSums<Tile, kFragmentOrder<A, 1>, kFragmentOrder<B, 1>>;
  using Warp::kCountA, Warp::kCountB, Warp::sums_;
  using LoaderA = FragmentLoader<Tile::kRows, 2 * kCountA, A::kContiguous>;
  using LoaderB = FragmentLoader<Tile::kColumns, kCountB, B::kContiguous>;

  /** Fragments of eight steps as float32, before rounding. */
  struct Raw {
    uint32_t a[kCountA][4], b[kCountB][2];
  };

  __device__ __forceinline__ void load(Raw& raw, int stage, int k) const {
    loader_b_.load_b(raw.b, stage, k);
    loader_a_.load_a(raw.a, stage, k);
  }

  __device__ __forceinline__ void multiply_tf32(int stage) {
#pragma unroll
    for (int k = 0; k < kStep; k += 8) {
      Raw raw;
      load(raw, stage, k);
#pragma unroll
      for (int j = 0; j < kCountB; j++) {
#pragma unroll
        for (int e = 0; e < 2; e++) raw.b[j][e] = to_tf32(__uint_as_float(raw.b[j][e]));
      }
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
#pragma unroll
        for (int e = 0; e < 4; e++) raw.a[i][e] = to_tf32(__uint_as_float(raw.a[i][e]));
#pragma unroll
        for (int j = 0; j < kCountB; j++) mma_m16n8k8_tf32(sums_[i][j], raw.a[i], raw.b[j]);
      }
    }
  }

  __device__ __forceinline__ static uint32_t pack(uint32_t low, uint32_t high) {
    return pack_bf16(__uint_as_float(low), __uint_as_float(high));
  }

  __device__ __forceinline__ void multiply_bf16(int stage) {
#pragma unroll
    for (int k = 0; k < kStep; k += 16) {
      Raw low, high;
      load(low, stage, k);
      load(high, stage, k + 8);
#pragma unroll
      for (int i = 0; i < kCountA; i++) {
        const uint32_t a[4] = {pack(low.a[i][0], low.a[i][2]), pack(low.a[i][1], low.a[i][3]), pack(high.a[i][0], high.a[i][2]),
                               pack(high.a[i][1], high.a[i][3])};
#pragma unroll
        for (int j = 0; j < kCountB; j++) {
          const uint32_t b[2] = {pack(low.b[j][0], low.b[j][1]), pack(high.b[j][0], high.b[j][1])};
          mma_m16n8k16_bf16(sums_[i][j], a, b);
        }
      }
    }
  }

  LoaderA loader_a_;
  LoaderB loader_b_;
};

}  // namespace gannet::kernels
