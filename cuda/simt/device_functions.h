#pragma once

// The device functions of CUDA C++ that kernels call, for code that runs on the simulator's fibers.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vector_types.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.

namespace gannet::simt {

// Constant for a fiber, so the compiler may keep them across barriers.
[[gnu::const]] uint3 thread_index();
[[gnu::const]] uint3 block_index();
[[gnu::const]] dim3 block_extent();
[[gnu::const]] dim3 grid_extent();

/** The running block's dynamic shared memory, poisoned when the block starts. */
[[gnu::const]] void* shared_memory();

/** Waits until every thread of the block has called it. A thread that never comes is reported as a divergent barrier. */
void synchronize_block();
/** Waits until the lanes of `mask` have called it; orders their memory accesses. */
void synchronize_warp(unsigned mask);

enum class Shuffle { index, up, down, exclusive_or };

/** What __shfl_*_sync of `kind` gives this lane; `operand` is the source lane, distance or mask. */
uint32_t shuffle(Shuffle kind, unsigned mask, uint32_t value, int operand, int width);
/** The lanes of `mask` whose predicate holds. */
unsigned ballot(unsigned mask, bool predicate);
/** Sum over the block of `value`, given to every thread; a barrier like synchronize_block. */
int block_count(bool predicate);

/** Registers an atomic access, which other atomic accesses may race with. */
void check_atomic(const void* address, size_t bytes);

template <typename T>
T shuffle_value(Shuffle kind, unsigned mask, T value, int operand, int width) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  uint32_t words[sizeof(T) / 4];
  std::memcpy(words, &value, sizeof(T));
  for (uint32_t& word : words) word = shuffle(kind, mask, word, operand, width);
  std::memcpy(&value, words, sizeof(T));
  return value;
}

/** Replaces *address by change(*address) without a thread in between; gives what was there. */
template <typename T, typename Change>
__attribute__((no_sanitize("thread"))) T atomic(T* address, Change change) {
  check_atomic(address, sizeof(T));
  T old;
  __builtin_memcpy(&old, address, sizeof(T));
  const T next = change(old);
  __builtin_memcpy(address, &next, sizeof(T));
  return old;
}

}  // namespace gannet::simt

inline void __syncthreads() { gannet::simt::synchronize_block(); }
inline int __syncthreads_count(int predicate) { return gannet::simt::block_count(predicate != 0); }
inline int __syncthreads_or(int predicate) { return gannet::simt::block_count(predicate != 0) != 0; }
inline int __syncthreads_and(int predicate) { return gannet::simt::block_count(predicate == 0) == 0; }
inline void __syncwarp(unsigned mask = 0xffffffffu) { gannet::simt::synchronize_warp(mask); }
inline void __threadfence() {}
inline void __threadfence_block() {}

template <typename T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {
  return gannet::simt::shuffle_value(gannet::simt::Shuffle::index, mask, value, lane, width);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  return gannet::simt::shuffle_value(gannet::simt::Shuffle::up, mask, value, static_cast<int>(distance), width);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  return gannet::simt::shuffle_value(gannet::simt::Shuffle::down, mask, value, static_cast<int>(distance), width);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32) {
  return gannet::simt::shuffle_value(gannet::simt::Shuffle::exclusive_or, mask, value, lane_mask, width);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) { return gannet::simt::ballot(mask, predicate != 0); }
inline int __any_sync(unsigned mask, int predicate) { return gannet::simt::ballot(mask, predicate != 0) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return gannet::simt::ballot(mask, predicate == 0) == 0; }

// Integers only: sums of floats in an order that changes would not be reproducible.
inline int atomicAdd(int* address, int value) {
  return gannet::simt::atomic(address, [=](int old) { return old + value; });
}
inline unsigned atomicAdd(unsigned* address, unsigned value) {
  return gannet::simt::atomic(address, [=](unsigned old) { return old + value; });
}
inline int atomicMax(int* address, int value) {
  return gannet::simt::atomic(address, [=](int old) { return std::max(old, value); });
}
inline unsigned atomicOr(unsigned* address, unsigned value) {
  return gannet::simt::atomic(address, [=](unsigned old) { return old | value; });
}
inline int atomicExch(int* address, int value) {
  return gannet::simt::atomic(address, [=](int) { return value; });
}

template <typename T>
T __ldg(const T* address) {
  return *address;
}

inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }

inline int min(int a, int b) { return std::min(a, b); }
inline unsigned min(unsigned a, unsigned b) { return std::min(a, b); }
inline long min(long a, long b) { return std::min(a, b); }
inline long long min(long long a, long long b) { return std::min(a, b); }
inline unsigned long min(unsigned long a, unsigned long b) { return std::min(a, b); }
inline float min(float a, float b) { return fminf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline int max(int a, int b) { return std::max(a, b); }
inline unsigned max(unsigned a, unsigned b) { return std::max(a, b); }
inline long max(long a, long b) { return std::max(a, b); }
inline long long max(long long a, long long b) { return std::max(a, b); }
inline unsigned long max(unsigned long a, unsigned long b) { return std::max(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

inline float rsqrtf(float value) { return 1.0f / sqrtf(value); }
inline float __expf(float value) { return expf(value); }
inline float __logf(float value) { return logf(value); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float value) { return 1.0f / value; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float value) { return sqrtf(value); }
inline float saturatef(float value) { return fminf(fmaxf(value, 0.0f), 1.0f); }
inline float __saturatef(float value) { return saturatef(value); }
void sincospif(float value, float* sine, float* cosine);
float sinpif(float value);
float cospif(float value);

inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<uint64_t>(a) * b) >> 32); }
inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline int __clz(int bits) { return std::countl_zero(static_cast<unsigned>(bits)); }
inline unsigned __brev(unsigned bits) {
  unsigned reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= ((bits >> i) & 1u) << (31 - i);
  return reversed;
}

// NOLINTEND(bugprone-reserved-identifier)
