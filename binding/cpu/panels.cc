#include "panels.h"

#include <algorithm>
#include <cstring>

namespace gannet {

void pack_rows(float* target, const float* source, int64_t rows, int64_t stride, int64_t depth, int64_t width) {
  for (int64_t first = 0; first < rows; first += width) {
    const int64_t count = std::min(width, rows - first);
    const float* from = source + first * stride;
    for (int64_t d = 0; d < depth; d++, target += width) {
      for (int64_t i = 0; i < count; i++) target[i] = from[i * stride + d];
      for (int64_t i = count; i < width; i++) target[i] = 0;
    }
  }
}

void pack_columns(float* target, const float* source, int64_t columns, int64_t stride, int64_t depth, int64_t width) {
  for (int64_t first = 0; first < columns; first += width) {
    const int64_t count = std::min(width, columns - first);
    for (int64_t d = 0; d < depth; d++, target += width) {
      std::memcpy(target, source + d * stride + first, static_cast<size_t>(count) * sizeof(float));
      for (int64_t i = count; i < width; i++) target[i] = 0;
    }
  }
}

}  // namespace gannet
