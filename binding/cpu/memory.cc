#include "memory.h"

#include <cstdint>
#include <cstdlib>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "error.h"

namespace gannet {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

Memory::Memory(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  const size_t alignment = bytes >= 2 * kHugePage ? kHugePage : 64;
  const size_t rounded = bytes > SIZE_MAX - alignment ? 0 : (bytes + alignment - 1) / alignment * alignment;
  data_ = rounded == 0 ? nullptr : static_cast<char*>(std::aligned_alloc(alignment, rounded));
  if (data_ == nullptr)
    throw Error("out_of_memory", text("cannot allocate ", bytes, " bytes; use a smaller batch or model, or close other programs"));
#ifdef __linux__
  if (alignment == kHugePage) madvise(data_, rounded, MADV_HUGEPAGE);
#endif
}

Memory::~Memory() { std::free(data_); }

Memory::Memory(Memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void Memory::grow(size_t bytes) {
  // The old block goes once there is a new one: where there is none, what used the old one still can.
  if (bytes > bytes_) *this = Memory(bytes);
}

}  // namespace gannet
