#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <utility>

namespace gannet::simt {
namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kDefaultLimit = size_t{16} << 30;

}  // namespace

Reserved::Reserved(size_t bytes) : bytes_(bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<char*>(memory);
}

Reserved::~Reserved() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

Reserved::Reserved(Reserved&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Reserved& Reserved::operator=(Reserved&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Allocation::Allocation(size_t size)
    : bytes(size),
      memory(2 * kGuardBytes + (size + kAlignment - 1) / kAlignment * kAlignment),
      shadow((size / kCellBytes + 1) * sizeof(Cell)) {
  std::memset(memory.data(), kPoison, memory.bytes());
}

bool Allocation::guards_intact() const {
  const auto poisoned = [](char byte) { return static_cast<unsigned char>(byte) == kPoison; };
  const char* first = memory.data();
  return std::all_of(first, first + kGuardBytes, poisoned) && std::all_of(first + kGuardBytes + bytes, first + memory.bytes(), poisoned);
}

DeviceMemory& DeviceMemory::instance() {
  // Never destroyed: buffers may be released while the process ends.
  static auto* memory = new DeviceMemory;
  return *memory;
}

size_t DeviceMemory::limit() {
  const char* setting = std::getenv("GANNET_SIMT_MEMORY");
  return setting == nullptr || *setting == 0 ? kDefaultLimit : std::strtoull(setting, nullptr, 10);
}

void* DeviceMemory::allocate(size_t bytes) {
  if (bytes > limit() || used_ > limit() - bytes) return nullptr;
  Allocation allocation(bytes);
  const uintptr_t begin = allocation.begin();
  allocations_.emplace(begin, std::move(allocation));
  used_ += bytes;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are counted with
  return reinterpret_cast<void*>(begin);
}

bool DeviceMemory::release(void* pointer) {
  const auto found = allocations_.find(reinterpret_cast<uintptr_t>(pointer));
  if (found == allocations_.end()) return false;
  used_ -= found->second.bytes;
  allocations_.erase(found);
  return true;
}

Allocation* DeviceMemory::find(uintptr_t address) {
  auto next = allocations_.upper_bound(address);
  if (next != allocations_.begin()) {
    Allocation& before = std::prev(next)->second;
    if (address < before.end() + Allocation::kGuardBytes) return &before;
  }
  if (next != allocations_.end() && address >= next->second.begin() - Allocation::kGuardBytes) return &next->second;
  return nullptr;
}

bool DeviceMemory::permits(const void* pointer, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  const Allocation* allocation = find(address);
  if (allocation == nullptr) return true;
  return address >= allocation->begin() && address + bytes <= allocation->end();
}

template <typename Change>
void DeviceMemory::change_cells(const void* pointer, size_t bytes, Change change) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  const Allocation* allocation = find(address);
  if (allocation == nullptr) return;
  each_word(allocation->cell(allocation->begin()), allocation->begin(), address, bytes, [&](Cell& cell, unsigned mask) {
    change(cell, mask);
    return true;
  });
}

void DeviceMemory::mark_written(const void* pointer, size_t bytes) { change_cells(pointer, bytes, mark_initialised); }

void DeviceMemory::poison(void* pointer, size_t bytes) {
  std::memset(pointer, kPoison, bytes);
  change_cells(pointer, bytes, mark_uninitialised);
}

void DeviceMemory::forbid(void* pointer, size_t bytes) {
  change_cells(pointer, bytes, [](Cell& cell, unsigned) { mark_forbidden(cell); });
}

const Allocation* DeviceMemory::damaged() const {
  const auto found =
      std::find_if(allocations_.begin(), allocations_.end(), [](const auto& entry) { return !entry.second.guards_intact(); });
  return found == allocations_.end() ? nullptr : &found->second;
}

}  // namespace gannet::simt
