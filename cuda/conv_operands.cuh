#pragma once

#include <cstdint>

#include "common.h"
#include "divider.h"

// Where the elements of a product's operands live.
//
// Every product here is D[row, column] = sum over k of A[row, k] B[column, k]; convolutions differ only in what a row, a column and
// a k stand for. An element's place is the sum of two positions, one found from its row and one from its k. A position is an offset
// into memory and a point (h, w) in the image; where the sum of the points falls outside the image, the element is a zero:
//
//   product          A: row            A: k            B: column     B: k             D: row
//   forward          pixel of y        tap, channel    filter        tap, channel     pixel of y
//   input gradient   pixel of dx       tap, filter     channel       filter, tap      pixel of dx
//   filter gradient  filter            pixel of dy     tap, channel  pixel of dy      filter
//   matmul           row               k               column        k                row
//
// so neither im2col nor padding nor the zeros between strided pixels ever exist in memory.
namespace gannet::kernels {

/** What one position contributes to an element's place. */
struct Position {
  int offset;
  int h, w;
};

/** Added to any other, this h lies outside every image: images are smaller than 2^14 along each axis. */
constexpr int kOutside = -(1 << 14);

/** i-th of `extent` places, `pitch` elements apart. */
struct Line {
  static constexpr bool kTabulated = false;
  int extent, pitch;

  __device__ __forceinline__ Position position(int i) const {
    const bool inside = i < extent;
    return {inside ? i * pitch : 0, inside ? 0 : kOutside, 0};
  }
};

/** i-th point of a batch of `count` points in [sample, row, column] order: h = start_h + row * step_h, w likewise. */
struct Pixels {
  static constexpr bool kTabulated = true;
  Divider per_sample, per_row;
  int count;
  int start_h, start_w, step_h, step_w;
  int pitch_sample, pitch_h, pitch_w;

  __device__ __forceinline__ Position position(int i) const {
    if (i >= count) return {0, kOutside, 0};
    const int sample = per_sample.divide(i);
    const int rest = per_sample.remainder(i, sample);
    const int row = per_row.divide(rest);
    const int h = start_h + row * step_h;
    const int w = start_w + static_cast<int>(per_row.remainder(rest, row)) * step_w;
    return {sample * pitch_sample + h * pitch_h + w * pitch_w, h, w};
  }
};

/** i-th of `count` in [tap row, tap column, channel] order: `sign` steps per tap through the image that is read. */
struct Taps {
  static constexpr bool kTabulated = true;
  Divider channels, width;
  int count;
  int sign, pitch_h, pitch_w;

  __device__ __forceinline__ Position position(int i) const {
    if (i >= count) return {0, kOutside, 0};
    const int tap = channels.divide(i);
    const int row = width.divide(tap);
    const int h = sign * row;
    const int w = sign * static_cast<int>(width.remainder(tap, row));
    return {h * pitch_h + w * pitch_w + static_cast<int>(channels.remainder(i, tap)), h, w};
  }
};

/** i-th of `count` in [tap row, tap column, filter] order, in the filters themselves: only every stride-th tap of one phase. */
struct FilterTaps {
  static constexpr bool kTabulated = true;
  Divider filters, width;
  int count;
  int start, pitch_filter, pitch_h, pitch_w;

  __device__ __forceinline__ Position position(int i) const {
    if (i >= count) return {0, kOutside, 0};
    const int tap = filters.divide(i);
    const int row = width.divide(tap);
    const int filter = filters.remainder(i, tap), column = width.remainder(tap, row);
    return {start + filter * pitch_filter + row * pitch_h + column * pitch_w, 0, 0};
  }
};

/** The axis along which neighbours of an operand are neighbours in memory. */
enum class Contiguous { kReduction, kRows };

/** One operand: element (row, k) is at data[rows(row) + steps(k)], or zero outside [0, height) x [0, width). */
template <class RowPositions, class StepPositions, Contiguous contiguous>
struct Operand {
  static constexpr Contiguous kContiguous = contiguous;
  using Rows = RowPositions;
  using Steps = StepPositions;
  /** float32, or bfloat16 where kernels read it in eights. */
  const void* data;
  Rows rows;
  Steps steps;
  int height, width;
};

/** One dense product: rows x columns sums over `reduction`; row i of the result starts at the offset of out.position(i). */
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
