// Memory of the device and of the host, and copies between them.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "executor_bridge.h"
#include "memory.h"
#include "runtime_api.h"
#include "runtime_state.h"
#include "stream.h"

namespace gannet::simt {
namespace {

/** Page-locked memory of the host: bytes by address. */
std::map<uintptr_t, size_t>& pinned() {
  static auto* all = new std::map<uintptr_t, size_t>;
  return *all;
}

bool is_pinned(const void* pointer, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  const auto next = pinned().upper_bound(address);
  if (next == pinned().begin()) return false;
  const auto& [begin, size] = *std::prev(next);
  return address + bytes <= begin + size;
}

/** Whether a copy between these can wait in a graph: it knows memory of the device and page-locked memory only. */
bool can_be_captured(const void* pointer, size_t bytes) {
  return DeviceMemory::instance().find(reinterpret_cast<uintptr_t>(pointer)) != nullptr || is_pinned(pointer, bytes);
}

}  // namespace
}  // namespace gannet::simt

using gannet::simt::can_be_captured;
using gannet::simt::DeviceMemory;
using gannet::simt::enqueue;
using gannet::simt::refuse_during_capture;
using gannet::simt::report;
using gannet::simt::runtime_mutex;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  const std::lock_guard lock(runtime_mutex());
  *pointer = nullptr;
  if (const cudaError_t refused = refuse_during_capture(); refused != cudaSuccess) return refused;
  if (bytes == 0) return cudaSuccess;
  *pointer = DeviceMemory::instance().allocate(bytes);
  if (*pointer == nullptr) return report(cudaErrorMemoryAllocation);
  gannet::simt::tell_allocated(*pointer, bytes);
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t refused = refuse_during_capture(); refused != cudaSuccess) return refused;
  gannet::simt::finish_late_work();
  gannet::simt::tell_freed(pointer);
  return report(DeviceMemory::instance().release(pointer) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  const std::lock_guard lock(runtime_mutex());
  *pointer = nullptr;
  if (const cudaError_t refused = refuse_during_capture(); refused != cudaSuccess) return refused;
  *pointer = std::malloc(bytes == 0 ? 1 : bytes);
  if (*pointer == nullptr) return report(cudaErrorMemoryAllocation);
  gannet::simt::pinned()[reinterpret_cast<uintptr_t>(*pointer)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) { return cudaMallocHost(pointer, bytes); }

cudaError_t cudaFreeHost(void* pointer) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t refused = refuse_during_capture(); refused != cudaSuccess) return refused;
  gannet::simt::pinned().erase(reinterpret_cast<uintptr_t>(pointer));
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const std::lock_guard lock(runtime_mutex());
  *total = DeviceMemory::limit();
  *free = *total - std::min(*total, DeviceMemory::instance().used());
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  DeviceMemory& memory = DeviceMemory::instance();
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (!memory.permits(target, bytes) || !memory.permits(source, bytes) ||
      (to_device && memory.find(reinterpret_cast<uintptr_t>(target)) == nullptr) ||
      (from_device && memory.find(reinterpret_cast<uintptr_t>(source)) == nullptr)) {
    return report(cudaErrorInvalidValue);
  }
  if (stream != nullptr && stream->capture != nullptr && !(can_be_captured(target, bytes) && can_be_captured(source, bytes))) {
    stream->capture->spoiled = true;
    return report(cudaErrorStreamCaptureUnsupported);
  }
  enqueue(stream, [=] {
    const std::lock_guard locked(runtime_mutex());
    std::memmove(target, source, bytes);
    DeviceMemory::instance().mark_written(target, bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind) {
  const cudaError_t refused = refuse_during_capture();
  if (refused == cudaSuccess) gannet::simt::finish_late_work();
  return refused == cudaSuccess ? cudaMemcpyAsync(target, source, bytes, kind, nullptr) : refused;
}

cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  DeviceMemory& memory = DeviceMemory::instance();
  if (!memory.permits(target, bytes) || memory.find(reinterpret_cast<uintptr_t>(target)) == nullptr) {
    return report(cudaErrorInvalidValue);
  }
  enqueue(stream, [=] {
    const std::lock_guard locked(runtime_mutex());
    std::memset(target, value, bytes);
    DeviceMemory::instance().mark_written(target, bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaMemset(void* target, int value, size_t bytes) {
  const cudaError_t refused = refuse_during_capture();
  return refused == cudaSuccess ? cudaMemsetAsync(target, value, bytes, nullptr) : refused;
}
