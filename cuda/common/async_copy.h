#pragma once

// Copies from global to shared memory that run beside the arithmetic (cp.async, sm_80 and later), in groups: a thread issues
// copies, closes the group with cp_async_commit, and waits until at most N of its groups are still under way. Other threads see
// the data after a barrier that follows the wait. On sm_75 each copy is done where it is issued.

#include "common/shared_address.h"

#if defined(GANNET_SIMT) && GANNET_ARCH >= 800
#include "simt/async_copy.h"
#endif

namespace gannet::kernels {

/** Copies Bytes = 4, 8 or 16 from global to shared memory, both aligned to Bytes; writes zeros and leaves `global` unread when
 *  not `valid`. */
template <int Bytes>
__device__ __forceinline__ void cp_async(SharedAddress shared, const void* global, bool valid) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
#if GANNET_ARCH >= 800
#if defined(GANNET_SIMT)
  simt::issue_copy(shared.as<void>(), global, Bytes, valid);
#else
  const int size = valid ? Bytes : 0;
  // Only 16-byte copies may bypass L1 (.cg), which the data would not be read from again.
  if constexpr (Bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared.value()), "l"(global), "r"(size) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(shared.value()), "l"(global), "r"(size), "n"(Bytes) : "memory");
  }
#endif
#else
  if constexpr (Bytes == 16) {
    store_shared(shared, valid ? *static_cast<const uint4*>(global) : make_uint4(0, 0, 0, 0));
  } else if constexpr (Bytes == 8) {
    store_shared(shared, valid ? *static_cast<const uint2*>(global) : make_uint2(0, 0));
  } else {
    store_shared(shared, valid ? *static_cast<const unsigned*>(global) : 0u);
  }
#endif
}

__device__ __forceinline__ void cp_async_16(SharedAddress shared, const void* global, bool valid) { cp_async<16>(shared, global, valid); }
__device__ __forceinline__ void cp_async_4(SharedAddress shared, const void* global, bool valid) { cp_async<4>(shared, global, valid); }

/** Closes the group of this thread's copies issued since the last commit; it may be empty. */
__device__ __forceinline__ void cp_async_commit() {
#if GANNET_ARCH >= 800
#if defined(GANNET_SIMT)
  simt::commit_copies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
#endif
}

/** Waits until at most Pending of this thread's latest groups are under way; the data of all earlier ones has arrived. */
template <int Pending>
__device__ __forceinline__ void cp_async_wait() {
#if GANNET_ARCH >= 800
#if defined(GANNET_SIMT)
  simt::await_copies(Pending);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
#endif
}

}  // namespace gannet::kernels
