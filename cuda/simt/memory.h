#pragma once

// Simulated device memory: poisoned when allocated, between guard zones, with a shadow that knows what was written and by whom.

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "shadow.h"

namespace gannet::simt {

/** What fresh memory is filled with: NaN as a float, -1 as an integer. */
constexpr int kPoison = 0xff;

/** A reserved range of zero bytes that takes memory only where it is touched. */
class Reserved {
 public:
  Reserved() = default;
  explicit Reserved(size_t bytes);
  ~Reserved();
  Reserved(Reserved&& other) noexcept;
  Reserved& operator=(Reserved&& other) noexcept;

  char* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

/** One cudaMalloc. */
struct Allocation {
  static constexpr size_t kGuardBytes = 4096;

  explicit Allocation(size_t size);

  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(memory.data()) + kGuardBytes; }
  uintptr_t end() const { return begin() + bytes; }
  Cell* cell(uintptr_t address) const { return reinterpret_cast<Cell*>(shadow.data()) + (address - begin()) / kCellBytes; }
  /** True if nobody wrote into the guard zones. */
  bool guards_intact() const;

  size_t bytes;
  Reserved memory;
  Reserved shadow;
};

/** Every live allocation of the one simulated device. */
class DeviceMemory {
 public:
  static DeviceMemory& instance();

  /** Null beyond the limit of GANNET_SIMT_MEMORY bytes in all. */
  void* allocate(size_t bytes);
  /** False if `pointer` did not come from allocate, or was released before. */
  bool release(void* pointer);

  static size_t limit();
  size_t used() const { return used_; }

  /** The allocation whose memory or guard zones hold the address; null if none does. */
  Allocation* find(uintptr_t address);
  /** True if the range lies in one allocation, or touches none (host memory). */
  bool permits(const void* pointer, size_t bytes);
  /** Marks what the host wrote; outside of device memory it does nothing. */
  void mark_written(const void* pointer, size_t bytes);
  /** Overwrites with poison and forgets that anything was written. */
  void poison(void* pointer, size_t bytes);
  /** Makes every access of a kernel to these bytes an error: a gap between the parts of one allocation. */
  void forbid(void* pointer, size_t bytes);

  /** The first allocation with a damaged guard zone; null if there is none. */
  const Allocation* damaged() const;

  /** Taken by every launch and every call that changes allocations. */
  std::recursive_mutex& mutex() { return mutex_; }

 private:
  template <typename Change>
  void change_cells(const void* pointer, size_t bytes, Change change);

  std::recursive_mutex mutex_;
  std::map<uintptr_t, Allocation> allocations_;
  size_t used_ = 0;
};

}  // namespace gannet::simt
