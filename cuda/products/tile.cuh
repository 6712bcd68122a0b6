#pragma once

#include <type_traits>

#include "common/async_copy.h"
#include "kernels.h"
#include "products/operands.cuh"

// Tiles of operands in shared memory, and the copies that fill them.
//
// A tile holds `rows` rows of operand A, or columns of the result for operand B, by 32 steps of the reduction in float32. Its layout
// follows the operand in memory. A "line" is one step of the reduction in a tile that is contiguous along its rows.
//
//   contiguous along the reduction   [row][32]: a row is 128 bytes, eight chunks of 16. Chunk j of a row lies at j ^ key(row).
//   contiguous along the rows        [32][rows]: row r of line k lies at r ^ 8 (k mod 4)
//
// The exclusive or (the "key", also called swizzle) avoids bank conflicts: one warp reads the same chunk of eight rows at once, or eight
// rows of four lines. With the key these addresses lie in all 32 banks.
//
// An operand that is bfloat16 in memory stays bfloat16 here. A tile then holds 64 steps in the same bytes:
//
//   contiguous along the reduction   [row][32 pairs of steps], as above
//   contiguous along the rows        [64][rows / 8 chunks]: chunk j of line k lies at j ^ (k mod 8). A warp reads one chunk of eight lines.
//
// If A is bfloat16 and the rows of B are no multiple of 8, B stays float32 and its tile has 64 lines as well.
namespace gannet::kernels {

/** Words along the reduction in a tile: 128 bytes. */
constexpr int kStep = 32;

/** Elements of bfloat16 in 16 bytes. An operand that is copied in vectors of so many elements is bfloat16 in memory. */
constexpr int kEights = 8;

/** Bytes of an element that is copied in such vectors. */
template <int vector>
constexpr int kBytesOf = vector == kEights ? 2 : 4;

/** Tiles begin at multiples of so many bytes. Keys move words within such a piece of memory, never out of it. */
constexpr int kKeyedBytes = 128;

/** Steps of the reduction in one stage, if A is copied `vector_a` elements at a time. */
template <int vector_a>
constexpr int kStepsOf = vector_a == kEights ? 2 * kStep : kStep;

/** A tile of the result, and how the warps of a block share it on the tensor cores: warps_m along the rows, warps_n along the columns. */
template <int rows, int columns, int warps_m, int warps_n>
struct Tile {
  static constexpr int kRows = rows, kColumns = columns;
  static constexpr int kWarpsM = warps_m, kWarpsN = warps_n;
  static constexpr int kThreads = 32 * warps_m * warps_n;
};

/** One stage of the ring, in bytes: a tile of A, one of B, then the table of the stage's positions. */
template <class Tile, int vector_a, int vector_b, int table_bytes>
struct RingStage {
  static constexpr int kSteps = kStepsOf<vector_a>;
  static constexpr int kTableAt = kSteps * (Tile::kRows * kBytesOf<vector_a> + Tile::kColumns * kBytesOf<vector_b>);
  static constexpr int kB = kSteps * Tile::kRows * kBytesOf<vector_a>;
  static constexpr int kBytes = kTableAt + table_bytes;
  static_assert(kB % kKeyedBytes == 0 && kBytes % kKeyedBytes == 0, "keys flip bits of addresses");
};

using Tile128x128 = Tile<128, 128, 2, 2>;
using Tile128x64 = Tile<128, 64, 2, 2>;
using Tile64x64 = Tile<64, 64, 2, 2>;
using Tile128x8 = Tile<128, 8, 4, 1>;

// A thread computes its address in the first stage once. Each stage adds its distance from there. From one access of a thread to the next
// only bits change that are zero in the thread's own place. So the key of the next access is the key of the first, exclusive-ored with a
// constant. Tiles are aligned, so this works on the address as well. Everything else is a constant offset in the instruction:
//
//   row_major(row + d, k + e) = (row_major(row, k) ^ row_key(d) ^ e) + d * kStep
//   line_major(row, k + e)    = (line_major(row, k) ^ line_key(e)) + e * rows

/** The key of a row of a tile that is contiguous along the reduction, in words. With key_shift 0 eight successive rows have different keys:
 *  ldmatrix reads such rows at once. With 2 eight rows that are four apart have different keys: threads of float32 products read those. */
template <int key_shift>
__device__ __forceinline__ constexpr int row_key(int row) {
  return ((row >> key_shift) & 7) << 2;
}

/** Place in a tile that is contiguous along the reduction. */
template <int key_shift>
__device__ __forceinline__ int row_major(int row, int k) {
  return row * kStep + (k ^ row_key<key_shift>(row));
}

/** The key of a line of a tile that is contiguous along its rows. */
template <int rows>
__device__ __forceinline__ constexpr int line_key(int k) {
  return ((k & 3) << 3) & (rows - 1);
}

/** Place in a tile that is contiguous along its rows. */
template <int rows>
__device__ __forceinline__ int line_major(int row, int k) {
  return k * rows + (row ^ line_key<rows>(k));
}

/** Place in a tile of bfloat16 that is contiguous along its rows, in words; `row` is a multiple of 8. */
template <int rows>
__device__ __forceinline__ int line_of_eights(int row, int k) {
  constexpr int kChunks = rows / kEights;
  return k * (rows / 2) + (((row / kEights) ^ (k & 7 & (kChunks - 1))) << 2);
}

/** An operand's elements in memory, which kernels read `vector` at a time. */
template <int vector>
using ElementOf = std::conditional_t<vector == kEights, unsigned short, float>;

/** The same value, kept in a register. Without this the compiler computes it anew at every use in a loop, to save registers. */
__device__ __forceinline__ int settled(int value) {
#if defined(__CUDA_ARCH__)
  asm volatile("" : "+r"(value));
#endif
  return value;
}

/** base + offset, computed where it is used. Without this the compiler keeps a 64-bit register for every offset. */
template <class Element>
__device__ __forceinline__ const Element* element_at(const Element* base, int offset) {
#if defined(__CUDA_ARCH__)
  const Element* element;
  asm("mad.wide.s32 %0, %1, %2, %3;" : "=l"(element) : "r"(offset), "n"(static_cast<int>(sizeof(Element))), "l"(base));
  return element;
#else
  return base + offset;
#endif
}

constexpr int kWordBytes = 4;

/** Copies one vector, or zeros if not `valid`. Then `source` is not read, and may lie outside the operand. */
template <int vector>
__device__ __forceinline__ void copy_elements(SharedAddress shared, const ElementOf<vector>* source, bool valid) {
  if constexpr (vector == 1) {
    cp_async_4(shared, source, valid);
  } else {
    cp_async_16(shared, source, valid);
  }
}

/** Copies an operand's tiles of `steps` steps to shared memory, `vector` elements at a time. A thread copies the same chunk along the
 *  contiguous axis of every tile. Rows beyond the operand's last repeat the last one; nobody reads their sums. A loader keeps what it needs
 *  of its operand in registers: parameters that depend on the block's phase would be loaded again for every tile. `tile` and `table` are
 *  addresses in the first stage, and a `stage` is given by its distance from there in bytes. */
template <class Operand, int rows, int steps, int vector, int threads, int key_shift, Contiguous contiguous = Operand::kContiguous>
class TileLoader;

/** Contiguous along the reduction: a thread copies the same rows of every tile, and keeps their positions in registers. */
template <class Operand, int rows, int steps, int vector, int threads, int key_shift>
class TileLoader<Operand, rows, steps, vector, threads, key_shift, Contiguous::kReduction> {
 public:
  static constexpr int kTableBytes = 0;

  __device__ __forceinline__ TileLoader(const Operand& operand, int first_row, SharedAddress tile, SharedAddress)
      : data_(static_cast<const ElementOf<vector>*>(operand.data)),
        steps_(operand.steps),
        last_(settled(operand.last_point())),
        target_((tile + row_major<key_shift>(threadIdx.x / kChunks, threadIdx.x % kChunks * kChunkWords) * kWordBytes).settled()) {
#pragma unroll
    for (int i = 0; i < kCopies; i++) {
      const int row = first_row + static_cast<int>(threadIdx.x) / kChunks + i * kRowsAtOnce;
      const Position position = operand.rows.position(min(row, operand.rows.count - 1));
      rows_[i] = {settled(position.offset), settled(position.point)};
    }
  }

  __device__ __forceinline__ void tabulate(int, int) const {}

  __device__ __forceinline__ void load(int stage, int step) const {
    if (kRowsAtOnce > rows && threadIdx.x >= rows * kChunks) return;
    const SharedAddress target = target_ + stage;
    const Position along = steps_.position(step * steps + static_cast<int>(threadIdx.x) % kChunks * vector);
    const ElementOf<vector>* source = element_at(data_, along.offset);
#pragma unroll
    for (int i = 0; i < kCopies; i++) {
      const int below = i * kRowsAtOnce;
      copy_elements<vector>((target ^ row_key<key_shift>(below) * kWordBytes) + below * kStep * kWordBytes,
                            element_at(source, rows_[i].offset), Operand::covers(rows_[i].point, along.point, last_));
    }
  }

 private:
  static_assert(steps == kStepsOf<vector>);
  static constexpr int kChunks = steps / vector, kChunkWords = kStep / kChunks;
  static constexpr int kRowsAtOnce = threads / kChunks;
  static constexpr int kCopies = ceil_div(rows, kRowsAtOnce);

  const ElementOf<vector>* data_;
  typename Operand::Steps steps_;
  int last_;
  SharedAddress target_;
  Position rows_[kCopies];
};

/** Contiguous along the rows: a thread copies the same lines of every tile, two by two. If the position of a line costs divisions, one
 *  thread computes it and writes it to a table behind the tiles, one barrier before others read it. */
template <class Operand, int rows, int steps, int vector, int threads, int key_shift>
class TileLoader<Operand, rows, steps, vector, threads, key_shift, Contiguous::kRows> {
 public:
  /** An entry of the table: a position, or only its offset if there are no points. */
  using Entry = std::conditional_t<Operand::Steps::kHasPoints, Position, int>;
  static constexpr int kTableBytes = Operand::Steps::kDivides ? steps * static_cast<int>(sizeof(Entry)) : 0;

  __device__ __forceinline__ TileLoader(const Operand& operand, int first_row, SharedAddress tile, SharedAddress table)
      : steps_(operand.steps),
        last_(settled(operand.last_point())),
        target_((tile + place(threadIdx.x % kChunks * vector, first_line()) * kWordBytes).settled()),
        table_(table) {
    const int row = min(first_row + static_cast<int>(threadIdx.x) % kChunks * vector, operand.rows.count - vector);
    const Position position = operand.rows.position(row);
    source_ = element_at(static_cast<const ElementOf<vector>*>(operand.data), settled(position.offset));
    point_ = settled(position.point);
    if constexpr (!Operand::Steps::kDivides) {
#pragma unroll
      for (int i = 0; i < kCopies; i++) below_[i] = settled(steps_.position(line_below(i)).offset);
    }
  }

  __device__ __forceinline__ void tabulate(int stage, int step) const {
    if constexpr (kTableBytes > 0) {
      const int k = threadIdx.x;
      if (k < steps) write_entry((table_ + stage).as<Entry>()[k], steps_.position(step * steps + k));
    }
  }

  __device__ __forceinline__ void load(int stage, int step) const {
    const int line = first_line();
    if (kLinesAtOnce > steps && line >= steps) return;
    const SharedAddress target = target_ + stage;
    if constexpr (kTableBytes > 0) {
      // All loads stand before all copies: the compiler inserts waits before a copy that follows a load.
      const Entry* table = (table_ + line * static_cast<int>(sizeof(Entry)) + stage).template as<Entry>();
      Pair pairs[kCopies / 2];
#pragma unroll
      for (int i = 0; i < kCopies; i += 2) pairs[i / 2] = *reinterpret_cast<const Pair*>(table + line_below(i));
#pragma unroll
      for (int i = 0; i < kCopies; i += 2) {
        copy(target, i, source_, first_of(pairs[i / 2]));
        copy(target, i + 1, source_, second_of(pairs[i / 2]));
      }
    } else {
      const int k = step * steps + line;
      const ElementOf<vector>* source = element_at(source_, steps_.position(k).offset);
#pragma unroll
      for (int i = 0; i < kCopies; i++) copy(target, i, source, {below_[i], steps_.position(k + line_below(i)).point});
    }
  }

 private:
  static constexpr int kChunks = rows / vector, kLineWords = vector == kEights ? rows / 2 : rows;
  static constexpr int kLinesAtOnce = 2 * (threads / kChunks);
  static constexpr int kCopies = 2 * ceil_div(steps, kLinesAtOnce);
  static_assert(threads >= steps);

  /** The distance in lines from the thread's first line to its i-th. */
  __device__ __forceinline__ static constexpr int line_below(int i) { return i / 2 * kLinesAtOnce + i % 2; }

  __device__ __forceinline__ static int first_line() { return static_cast<int>(threadIdx.x) / kChunks * 2; }

  __device__ __forceinline__ static int place(int row, int k) {
    return vector == kEights ? line_of_eights<rows>(row, k) : line_major<rows>(row, k);
  }

  __device__ __forceinline__ static constexpr int key(int k) {
    return vector == kEights ? (k & 7 & (kChunks - 1)) << 2 : line_key<rows>(k);
  }

  /** Two neighbouring entries, read by one access. */
  using Pair = std::conditional_t<Operand::Steps::kHasPoints, uint4, uint2>;

  __device__ __forceinline__ static void write_entry(Position& entry, const Position& position) { entry = position; }
  __device__ __forceinline__ static void write_entry(int& entry, const Position& position) { entry = position.offset; }

  __device__ __forceinline__ static Position first_of(const uint4& pair) { return {static_cast<int>(pair.x), static_cast<int>(pair.y)}; }
  __device__ __forceinline__ static Position second_of(const uint4& pair) { return {static_cast<int>(pair.z), static_cast<int>(pair.w)}; }
  __device__ __forceinline__ static Position first_of(const uint2& pair) { return {static_cast<int>(pair.x), 0}; }
  __device__ __forceinline__ static Position second_of(const uint2& pair) { return {static_cast<int>(pair.y), 0}; }

  /** Copies the thread's i-th line. */
  __device__ __forceinline__ void copy(SharedAddress target, int i, const ElementOf<vector>* source, const Position& along) const {
    const int below = line_below(i);
    copy_elements<vector>((target ^ key(below) * kWordBytes) + below * kLineWords * kWordBytes, element_at(source, along.offset),
                          Operand::covers(point_, along.point, last_));
  }

  typename Operand::Steps steps_;
  const ElementOf<vector>* source_;
  int point_, last_;
  SharedAddress target_, table_;
  /** If positions cost no divisions: the offsets of the thread's lines from its first. */
  int below_[Operand::Steps::kDivides ? 1 : kCopies];
};

}  // namespace gannet::kernels
