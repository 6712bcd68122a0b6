#pragma once

// CUDA's vector types with their sizes and alignments.

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3() = default;
  constexpr dim3(unsigned vx, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};

#define GANNET_VECTOR_TYPES(scalar, name)                                              \
  struct alignas(2 * sizeof(scalar)) name##2 {                                         \
    scalar x, y;                                                                       \
  };                                                                                   \
  struct name##3 {                                                                     \
    scalar x, y, z;                                                                    \
  };                                                                                   \
  struct alignas(sizeof(scalar) == 8 ? 16 : 4 * sizeof(scalar)) name##4 {              \
    scalar x, y, z, w;                                                                 \
  };                                                                                   \
  constexpr name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }              \
  constexpr name##3 make_##name##3(scalar x, scalar y, scalar z) { return {x, y, z}; } \
  constexpr name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

GANNET_VECTOR_TYPES(float, float)
GANNET_VECTOR_TYPES(double, double)
GANNET_VECTOR_TYPES(int, int)
GANNET_VECTOR_TYPES(short, short)
GANNET_VECTOR_TYPES(unsigned short, ushort)
GANNET_VECTOR_TYPES(unsigned char, uchar)

#undef GANNET_VECTOR_TYPES

struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
constexpr uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
constexpr uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
