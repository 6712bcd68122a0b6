#include "panels.h"

#include <algorithm>
#include <cstring>

namespace gannet {

namespace {

/** Numbers of a cache line. Rows a power of two apart share the sets of a cache, so a line is used up as soon as it is read. */
template <typename T>
constexpr int64_t kLine = 64 / sizeof(T);
/** Numbers that are copied by one or two instructions, and that every strip is a multiple of. */
constexpr int64_t kCopied = 8;

}  // namespace

template <typename T>
void pack_rows(T* target, const T* source, int64_t rows, int64_t stride, int64_t depth, int64_t width) {
  for (int64_t first = 0; first < rows; first += width) {
    const int64_t count = std::min(width, rows - first);
    for (int64_t begin = 0; begin < depth; begin += kLine<T>) {
      const int64_t end = std::min(depth, begin + kLine<T>);
      for (int64_t i = 0; i < count; i++) {
        const T* from = source + (first + i) * stride;
        for (int64_t d = begin; d < end; d++) target[d * width + i] = from[d];
      }
    }
    for (int64_t d = 0; d < depth; d++) std::fill_n(target + d * width + count, width - count, T{0});
    target += depth * width;
  }
}

template void pack_rows(float*, const float*, int64_t, int64_t, int64_t, int64_t);
template void pack_rows(double*, const double*, int64_t, int64_t, int64_t, int64_t);

void pack_columns(float* target, const float* source, int64_t columns, int64_t stride, int64_t depth, int64_t width) {
  for (int64_t first = 0; first < columns; first += width) {
    const int64_t count = std::min(width, columns - first);
    for (int64_t d = 0; d < depth; d++, target += width) {
      const float* from = source + d * stride + first;
      int64_t i = 0;
      for (; i + kCopied <= count; i += kCopied) std::memcpy(target + i, from + i, kCopied * sizeof(float));
      for (; i < count; i++) target[i] = from[i];
      for (; i < width; i++) target[i] = 0;
    }
  }
}

}  // namespace gannet
