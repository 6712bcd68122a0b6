#pragma once

// Tensor-core products of one warp, the loads that feed them and their number formats. Every lane holds a fragment; with
// g = lane / 4 and t = lane % 4 (PTX ISA, "Matrix fragments for mma"):
//
//   d, all shapes (16 x 8)    d[0] (g, 2t)   d[1] (g, 2t+1)   d[2] (g+8, 2t)   d[3] (g+8, 2t+1)
//   m16n8k8 tf32              a[0] (g, t)    a[1] (g+8, t)    a[2] (g, t+4)    a[3] (g+8, t+4)      b[0] (t, g)  b[1] (t+4, g)
//   m16n8k16 bf16             a[0] (g, 2t..) a[1] (g+8, 2t..) a[2] (g, 2t+8..) a[3] (g+8, 2t+8..)   b[0] (2t.., g)  b[1] (2t+8.., g)
//
// "2t.." stands for columns (rows of b) 2t and 2t + 1, packed with the lower one in the low half.
// All lanes of the warp take part; products are exact and summed in float32.

#include "common/bfloat16.h"
#include "common/shared_address.h"

#if defined(GANNET_SIMT)
#include "simt/matrix.h"
#endif

namespace gannet::kernels {

/** Rounds to TF32 (10 bits of mantissa), to nearest, ties away from zero. The tensor cores ignore the low 13 bits, so adding half of bit 13
 *  rounds. A NaN of all ones would become zero by this addition; memory has no such NaN (`writable`, common/basics.h). The conversion
 *  instructions would take three instructions, or one that the compiler surrounds with moves. */
__device__ __forceinline__ uint32_t to_tf32(float value) {
#if defined(GANNET_SIMT)
  return simt::round_to_tf32(value);
#elif GANNET_ARCH >= 800
  return __float_as_uint(value) + 0x1000u;
#else
  return __float_as_uint(value);
#endif
}

/** d += a b with a (16 x 8) and b (8 x 8) in TF32. sm_80 and later. */
__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(GANNET_SIMT)
  simt::mma_m16n8k8_tf32(d, a, b);
#elif GANNET_ARCH >= 800
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/** d += a b with a (16 x 16) and b (16 x 8) in bfloat16. sm_80 and later. */
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(GANNET_SIMT)
  simt::mma_m16n8k16_bf16(d, a, b);
#elif GANNET_ARCH >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/** Loads four 8 x 8 matrices of 16-bit elements. Lane l passes the address, 16-byte aligned in shared memory, of row l % 8 of
 *  matrix l / 8; r[i] receives of matrix i the elements (lane / 4, 2 (lane % 4)) and the next one. */
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], SharedAddress row) {
#if defined(GANNET_SIMT)
  simt::load_matrices(r, 4, row.as<void>(), false);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row.value())
               : "memory");
#endif
}

/** ldmatrix_x4 of the transposed matrices: r[i] receives the elements (2 (lane % 4), lane / 4) and the one below. */
__device__ __forceinline__ void ldmatrix_x4_trans(uint32_t (&r)[4], SharedAddress row) {
#if defined(GANNET_SIMT)
  simt::load_matrices(r, 4, row.as<void>(), true);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row.value())
               : "memory");
#endif
}

/** Two matrices, as ldmatrix_x4; lanes 0-15 pass the rows. */
__device__ __forceinline__ void ldmatrix_x2(uint32_t (&r)[2], SharedAddress row) {
#if defined(GANNET_SIMT)
  simt::load_matrices(r, 2, row.as<void>(), false);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(row.value()) : "memory");
#endif
}

/** Two matrices, as ldmatrix_x4_trans; lanes 0-15 pass the rows. */
__device__ __forceinline__ void ldmatrix_x2_trans(uint32_t (&r)[2], SharedAddress row) {
#if defined(GANNET_SIMT)
  simt::load_matrices(r, 2, row.as<void>(), true);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(row.value()) : "memory");
#endif
}

}  // namespace gannet::kernels
