#pragma once

#include <cstdint>

#include "program.h"

namespace gannet {

Shape row_major_strides(const Shape& shape);

/** A copy between two strided views of one shape; a source stride of 0 repeats. Strides and offsets count elements. */
class StridedCopy {
 public:
  StridedCopy(const Shape& shape, const Shape& target_strides, int64_t target_offset, const Shape& source_strides, int64_t source_offset);

  void run(uint32_t* target, const uint32_t* source, int threads) const;

 private:
  struct Axis {
    int64_t size, target, source;
  };

  void merge_axes();
  void bring_unit_source_inside();
  /** Copies kTile rows of a plane, or what is left of it. */
  void copy_rows(uint32_t* target, const uint32_t* source, int64_t first) const;

  static constexpr int64_t kTile = 16;

  /** Outermost first; the last two form a plane that is copied in tiles. */
  std::vector<Axis> axes_;
  int64_t target_offset_, source_offset_;
  int64_t total_ = 1;
};

}  // namespace gannet
