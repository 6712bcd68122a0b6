#pragma once

#include <cstdint>

// Matrices cut into strips [strip][depth][width], the form that Tile::multiply_add reads. What is missing from the
// last strip is zero.
namespace gannet {

inline int64_t strips_of(int64_t size, int64_t width) { return (size + width - 1) / width; }

/** The strips run along rows: target[row / width][d][row % width] = source[row * stride + d]. T is float or double. */
template <typename T>
void pack_rows(T* target, const T* source, int64_t rows, int64_t stride, int64_t depth, int64_t width);

/** The strips run along columns: target[column / width][d][column % width] = source[d * stride + column]. */
void pack_columns(float* target, const float* source, int64_t columns, int64_t stride, int64_t depth, int64_t width);

}  // namespace gannet
