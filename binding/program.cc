#include "program.h"

#include "error.h"

namespace gannet {

int64_t elements(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

std::string to_string(const Shape& shape) {
  std::string list;
  for (const int64_t size : shape) list.append(list.empty() ? "" : ",").append(std::to_string(size));
  return text("[", list, "]");
}

const char* to_string(DType dtype) { return dtype == DType::kFloat32 ? "float32" : dtype == DType::kInt32 ? "int32" : "bfloat16"; }

bool Slot::overlaps(const Slot& other) const {
  if (storage != other.storage) return false;
  if (storage != Storage::kArena) return offset == other.offset;
  return offset < other.offset + other.bytes() && other.offset < offset + bytes();
}

}  // namespace gannet
