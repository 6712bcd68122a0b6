#include "strided_copy.h"

#include <algorithm>
#include <cstring>

#include "cpu/parallel.h"

namespace gannet {

Shape row_major_strides(const Shape& shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

StridedCopy::StridedCopy(const Shape& shape, const Shape& target_strides, int64_t target_offset, const Shape& source_strides,
                         int64_t source_offset)
    : target_offset_(target_offset), source_offset_(source_offset) {
  for (size_t i = 0; i < shape.size(); i++) {
    total_ *= shape[i];
    if (shape[i] > 1) axes_.push_back({shape[i], target_strides[i], source_strides[i]});
  }
  merge_axes();
  bring_unit_source_inside();
  while (axes_.size() < 2) axes_.insert(axes_.begin(), {1, 0, 0});
}

void StridedCopy::merge_axes() {
  for (size_t i = axes_.size(); i-- > 1;) {
    const Axis& inner = axes_[i];
    const Axis& outer = axes_[i - 1];
    if (outer.target != inner.target * inner.size || outer.source != inner.source * inner.size) continue;
    axes_[i - 1] = {outer.size * inner.size, inner.target, inner.source};
    axes_.erase(axes_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

/** A transposition reads along one axis and writes along another: both belong into the plane. */
void StridedCopy::bring_unit_source_inside() {
  if (axes_.size() < 3 || axes_.back().source <= 1) return;
  const auto unit = std::find_if(axes_.begin(), axes_.end(), [](const Axis& axis) { return axis.source == 1; });
  if (unit != axes_.end()) std::rotate(unit, unit + 1, axes_.end() - 1);
}

void StridedCopy::copy_rows(uint32_t* target, const uint32_t* source, int64_t first) const {
  const Axis& outer = axes_[axes_.size() - 2];
  const Axis& inner = axes_.back();
  const int64_t last = std::min(outer.size, first + kTile);
  if (inner.source <= 1 && inner.target == 1) {
    for (int64_t i = first; i < last; i++) {
      uint32_t* row = target + i * outer.target;
      const uint32_t* from = source + i * outer.source;
      if (inner.source == 1) std::memcpy(row, from, static_cast<size_t>(inner.size) * sizeof(uint32_t));
      else std::fill_n(row, inner.size, *from);
    }
    return;
  }
  for (int64_t j0 = 0; j0 < inner.size; j0 += kTile) {
    const int64_t j1 = std::min(inner.size, j0 + kTile);
    for (int64_t i = first; i < last; i++) {
      for (int64_t j = j0; j < j1; j++) target[i * outer.target + j * inner.target] = source[i * outer.source + j * inner.source];
    }
  }
}

void StridedCopy::run(uint32_t* target, const uint32_t* source, int threads) const {
  const size_t outer_axes = axes_.size() - 2;
  int64_t planes = 1;
  for (size_t i = 0; i < outer_axes; i++) planes *= axes_[i].size;
  const int64_t tiles = (axes_[outer_axes].size + kTile - 1) / kTile;
  parallel_for(threads, planes * tiles, total_, [&](int, Range range) {
    for (int64_t item = range.begin; item < range.end; item++) {
      int64_t rest = item / tiles, to = target_offset_, from = source_offset_;
      for (size_t i = outer_axes; i-- > 0;) {
        const int64_t index = rest % axes_[i].size;
        rest /= axes_[i].size;
        to += index * axes_[i].target;
        from += index * axes_[i].source;
      }
      copy_rows(target + to, source + from, item % tiles * kTile);
    }
  });
}

}  // namespace gannet
