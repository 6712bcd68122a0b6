#pragma once

#include "common/basics.h"

// Addresses in shared memory, as instructions take them. A kernel that keeps them spares itself the way from a pointer to an address, which
// compilers would work out anew in every turn of a loop: on sm_90 it begins with the place of shared memory itself.
namespace gannet::kernels {

class SharedAddress {
 public:
#if defined(GANNET_SIMT)
  using Word = uintptr_t;
#else
  using Word = unsigned;
#endif

  /** Of a place in shared memory. */
#if defined(GANNET_SIMT)
  __device__ SharedAddress(const void* pointer) : value_(reinterpret_cast<uintptr_t>(pointer)) {}
#else
  __device__ __forceinline__ SharedAddress(const void* pointer) : value_(static_cast<unsigned>(__cvta_generic_to_shared(pointer))) {}
#endif

  __device__ __forceinline__ SharedAddress operator+(int bytes) const { return SharedAddress(value_ + static_cast<Word>(bytes)); }

  /** Flips bits of an address within 128 aligned bytes. */
  __device__ __forceinline__ SharedAddress operator^(int bits) const { return SharedAddress(value_ ^ static_cast<Word>(bits)); }

  template <typename T>
  __device__ __forceinline__ T* as() const {
#if defined(GANNET_SIMT)
    return reinterpret_cast<T*>(value_);
#else
    return static_cast<T*>(__cvta_shared_to_generic(value_));
#endif
  }

  __device__ __forceinline__ Word value() const { return value_; }

  /** The same address, kept in a register. Without this the compiler computes it anew at every use in a loop, to save registers. */
  __device__ __forceinline__ SharedAddress settled() const {
    SharedAddress result(value_);
#if defined(__CUDA_ARCH__)
    asm volatile("" : "+r"(result.value_));
#endif
    return result;
  }

 private:
  __device__ __forceinline__ explicit SharedAddress(Word value) : value_(value) {}

  Word value_;
};

// Stores, written as instructions: compilers take many minutes for many conditional stores through pointers that are made from addresses.
#if defined(GANNET_SIMT)
template <typename T>
__device__ inline void store_shared(SharedAddress target, const T& value) {
  *target.as<T>() = value;
}
#else
__device__ __forceinline__ void store_shared(SharedAddress target, uint4 value) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(target.value()), "r"(value.x), "r"(value.y), "r"(value.z), "r"(value.w)
               : "memory");
}
__device__ __forceinline__ void store_shared(SharedAddress target, uint2 value) {
  asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(target.value()), "r"(value.x), "r"(value.y) : "memory");
}
__device__ __forceinline__ void store_shared(SharedAddress target, unsigned value) {
  asm volatile("st.shared.b32 [%0], %1;" ::"r"(target.value()), "r"(value) : "memory");
}
#endif

}  // namespace gannet::kernels
