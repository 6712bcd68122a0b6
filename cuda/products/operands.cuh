#pragma once

#include <cstdint>

#include "common/basics.h"
#include "common/divider.h"

// Where the elements of a product's operands live.
//
// Every product here is D[row, column] = sum over k of A[row, k] B[column, k]. The products differ only in what a row, a column and a k
// stand for (table below). An element's place is the sum of two positions: one of its row and one of its k. A position is an offset into
// memory and a point (h, w) in the image. Where the sum of the two points lies outside the image, the element is zero.
//
//   product          A: row            A: k            B: column     B: k             D: row
//   forward          pixel of y        tap, channel    filter        tap, channel     pixel of y
//   input gradient   pixel of dx       tap, filter     channel       filter, tap      pixel of dx
//   filter gradient  filter            pixel of dy     tap, channel  pixel of dy      filter
//   matmul           row               k               column        k                row
//
// So neither im2col, nor padding, nor the zeros between strided pixels are ever made in memory.
namespace gannet::kernels {

/** A point (h, w) of an image in one word, with h in the upper half. One addition moves both coordinates. */
__device__ __forceinline__ int point_of(int h, int w) { return h * 65536 + w; }

/** The sum of this point and any other lies above the image, since images are smaller than 2^14 along each axis. */
constexpr int kOutside = -(1 << 14) * 65536;

/** Whether a point lies in [0, height) x [0, width), where `last` is (height - 1, width - 1). It does if no half of the point and of
 *  last - point is negative. A negative half borrows from the upper half, which does no harm: the point lies outside already. */
__device__ __forceinline__ bool lies_inside(int point, int last) { return ((point | (last - point)) & 0x80008000) == 0; }

/** What one position contributes to an element's place. */
struct Position {
  int offset;
  int point;
};

// Positions along one axis; each kind has `count` of them. Steps from `count` on lie outside, and nobody asks for rows from `count` on.
//   kHasPoints     whether there are points other than (0, 0) and kOutside
//   kDivides       whether a position costs divisions
//   kRepeatsLast   whether steps from `count` on repeat the last one instead of lying outside. That is right where the other operand is
//                  zero for these steps.

/** i-th of `count` places, `pitch` elements apart. */
struct Line {
  static constexpr bool kHasPoints = false, kDivides = false, kRepeatsLast = false;
  int count, pitch;

  __device__ __forceinline__ Position position(int i) const { return {i * pitch, i < count ? 0 : kOutside}; }
};

/** i-th point of a batch of `count` points in [sample, row, column] order: h = start_h + row * step_h, w likewise. */
struct Pixels {
  static constexpr bool kHasPoints = true, kDivides = true, kRepeatsLast = false;
  Divider per_sample, per_row;
  int count;
  int start_h, start_w, step_h, step_w;
  int pitch_sample, pitch_h, pitch_w;

  __device__ __forceinline__ Position position(int i) const {
    const int sample = per_sample.divide(i);
    const int rest = per_sample.remainder(i, sample);
    const int row = per_row.divide(rest);
    const int h = start_h + row * step_h;
    const int w = start_w + static_cast<int>(per_row.remainder(rest, row)) * step_w;
    return {sample * pitch_sample + h * pitch_h + w * pitch_w, i < count ? point_of(h, w) : kOutside};
  }
};

/** i-th of `count` in [tap row, tap column, channel] order: `sign` steps per tap through the image that is read. */
struct Taps {
  static constexpr bool kHasPoints = true, kDivides = true, kRepeatsLast = false;
  Divider channels, width;
  int count;
  int sign, pitch_h, pitch_w;

  __device__ __forceinline__ Position position(int i) const {
    const int tap = channels.divide(i);
    const int row = width.divide(tap);
    const int h = sign * row;
    const int w = sign * static_cast<int>(width.remainder(tap, row));
    return {h * pitch_h + w * pitch_w + static_cast<int>(channels.remainder(i, tap)), i < count ? point_of(h, w) : kOutside};
  }
};

/** i-th of `count` in [tap row, tap column, filter] order, in the filters themselves: only every stride-th tap of one phase. */
struct FilterTaps {
  static constexpr bool kHasPoints = false, kDivides = true, kRepeatsLast = true;
  Divider filters, width;
  int count;
  int start, pitch_filter, pitch_h, pitch_w;

  __device__ __forceinline__ Position position(int i) const {
    const int step = min(i, count - 1);
    const int tap = filters.divide(step);
    const int row = width.divide(tap);
    const int filter = filters.remainder(step, tap), column = width.remainder(tap, row);
    return {start + filter * pitch_filter + row * pitch_h + column * pitch_w, 0};
  }
};

/** The axis along which neighbours of an operand are neighbours in memory. */
enum class Contiguous { kReduction, kRows };

/** One operand. Element (row, k) is data[rows(row) + steps(k)], or zero where the point lies outside [0, height) x [0, width). kGathered:
 *  whether the point depends on the row. */
template <class RowPositions, class StepPositions, Contiguous contiguous>
struct Operand {
  static constexpr Contiguous kContiguous = contiguous;
  static constexpr bool kGathered = RowPositions::kHasPoints;
  using Steps = StepPositions;
  /** float32, or bfloat16 where kernels read eight elements at a time. */
  const void* data;
  RowPositions rows;
  StepPositions steps;
  int height = 1, width = 1;

  __device__ __forceinline__ int last_point() const { return point_of(height - 1, width - 1); }

  /** Whether there is an element at the sum of two points. */
  __device__ __forceinline__ static bool covers(int row_point, int step_point, int last_point) {
    if constexpr (kGathered) return lies_inside(row_point + step_point, last_point);
    return Steps::kRepeatsLast || step_point == 0;
  }
};

/** One dense product: rows x columns sums, each over `reduction` steps. Row i of the result starts at the offset of out.position(i). */
template <class OperandA, class OperandB, class Output>
struct Product {
  using A = OperandA;
  using B = OperandB;
  A a;
  B b;
  Output out;
  int rows, columns, reduction;
};

}  // namespace gannet::kernels
