#pragma once

// Twins of the warp's matrix instructions; ../mma.h says what they compute and how fragments lie on lanes.

#include <bit>
#include <cstdint>

namespace gannet::simt {

/** To 10 bits of mantissa, nearest, ties away from zero, by the addition that kernels round with: NaNs of all ones become zeros. */
inline uint32_t round_to_tf32(float value) { return (std::bit_cast<uint32_t>(value) + 0x1000u) & 0xffffe000u; }

/** cvt.rn.bf16x2.f32: nearest even; NaN becomes the canonical one. */
uint32_t pack_bf16(float low, float high);

void mma_m16n8k8_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);

/** ldmatrix of `count` matrices, `r` being that many registers. */
void load_matrices(uint32_t* r, int count, const void* row, bool transposed);

}  // namespace gannet::simt
