#pragma once

#include <cstddef>

namespace gannet {

/** Memory aligned for vector loads; large blocks are aligned for huge pages. */
class Memory {
 public:
  Memory() = default;
  /** Uninitialised. @throws Error `out_of_memory` */
  explicit Memory(size_t bytes);
  ~Memory();
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;

  /** Makes it at least this large; the contents are lost if it grows. @throws Error `out_of_memory`, and then nothing has changed */
  void grow(size_t bytes);

  char* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

/** Bytes rounded up to whole cache lines. */
inline size_t round_to_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace gannet
