// Products of whole matrices by one warp: row-major operands in, row-major product out. Fragments are filled as the PTX ISA
// draws them.

#include "cases.h"
#include "common/mma.h"
#include "common/warp.h"

namespace gannet::kernels {

enum class Shape { tf32, bf16 };

template <Shape shape>
constexpr int kDepth = shape == Shape::tf32 ? 8 : 16;

// d (16, 8) = a (16, depth) b (depth, 8)
template <Shape shape>
__global__ void product_kernel(float* __restrict__ d, const float* __restrict__ a, const float* __restrict__ b) {
  constexpr int depth = kDepth<shape>;
  const int g = lane_index() / 4, t = lane_index() % 4;
  const auto pair_of_a = [&](int row, int k) { return pack_bf16(a[row * depth + k], a[row * depth + k + 1]); };
  const auto pair_of_b = [&](int k) { return pack_bf16(b[k * 8 + g], b[(k + 1) * 8 + g]); };
  float sums[4] = {};
  if constexpr (shape == Shape::tf32) {
    const uint32_t fragmentA[4] = {to_tf32(a[g * 8 + t]), to_tf32(a[(g + 8) * 8 + t]), to_tf32(a[g * 8 + t + 4]),
                                   to_tf32(a[(g + 8) * 8 + t + 4])};
    const uint32_t fragmentB[2] = {to_tf32(b[t * 8 + g]), to_tf32(b[(t + 4) * 8 + g])};
    mma_m16n8k8_tf32(sums, fragmentA, fragmentB);
  } else {
    const uint32_t fragmentA[4] = {pair_of_a(g, 2 * t), pair_of_a(g + 8, 2 * t), pair_of_a(g, 2 * t + 8), pair_of_a(g + 8, 2 * t + 8)};
    const uint32_t fragmentB[2] = {pair_of_b(2 * t), pair_of_b(2 * t + 8)};
    mma_m16n8k16_bf16(sums, fragmentA, fragmentB);
  }
  for (int i = 0; i < 4; ++i) d[(g + 8 * (i / 2)) * 8 + 2 * t + i % 2] = sums[i];
}

// As product_kernel<bf16>, with both operands loaded by ldmatrix from shared memory, b transposed on the way.
__global__ void loaded_product_kernel(float* __restrict__ d, const float* __restrict__ a, const float* __restrict__ b) {
  uint32_t* aTile = shared_memory<uint32_t>();  // (16, 16) bfloat16
  uint32_t* bTile = aTile + 16 * 8;             // (16, 8) bfloat16
  const int lane = lane_index();
  for (int i = lane; i < 16 * 8; i += 32) aTile[i] = pack_bf16(a[2 * i], a[2 * i + 1]);
  for (int i = lane; i < 16 * 4; i += 32) bTile[i] = pack_bf16(b[2 * i], b[2 * i + 1]);
  __syncwarp();
  uint32_t fragmentA[4], fragmentB[2];
  ldmatrix_x4(fragmentA, aTile + lane % 16 * 8 + lane / 16 * 4);
  ldmatrix_x2_trans(fragmentB, bTile + lane % 16 * 4);
  float sums[4] = {};
  mma_m16n8k16_bf16(sums, fragmentA, fragmentB);
  for (int i = 0; i < 4; ++i) d[(lane / 4 + 8 * (i / 2)) * 8 + 2 * (lane % 4) + i % 2] = sums[i];
}

// The elements that each lane receives of four numbered matrices: (32, 8) straight, then (32, 8) transposed, then x2.
__global__ void load_kernel(float* y) {
  uint32_t* tile = shared_memory<uint32_t>();  // (4, 8, 8) 16-bit numbers 0 .. 255
  const uint32_t lane = lane_index();
  for (uint32_t i = lane; i < 128; i += 32) tile[i] = 2 * i | (2 * i + 1) << 16;
  __syncwarp();
  const auto write = [&](int part, const uint32_t* registers, int count) {
    for (int i = 0; i < count; ++i) {
      y[(part * 32 + lane) * 8 + 2 * i] = static_cast<float>(registers[i] & 0xffffu);
      y[(part * 32 + lane) * 8 + 2 * i + 1] = static_cast<float>(registers[i] >> 16);
    }
  };
  uint32_t four[4], two[2];
  ldmatrix_x4(four, tile + 4 * lane);
  write(0, four, 4);
  ldmatrix_x4_trans(four, tile + 4 * lane);
  write(1, four, 4);
  ldmatrix_x2(two, tile + 4 * (lane % 16));
  write(2, two, 2);
}

// d = a b with a = 1 + 2^-11 in TF32 that nobody rounded: the hardware ignores the low bits.
__global__ void unrounded_kernel(float* y) {
  float d[4] = {};
  const uint32_t value = __float_as_uint(1.f + 0x1p-11f + 0x1p-12f);
  const uint32_t a[4] = {value, value, value, value};
  const uint32_t one = __float_as_uint(1.f);
  const uint32_t b[2] = {one, one};
  mma_m16n8k8_tf32(d, a, b);
  y[threadIdx.x] = d[0];
}

__global__ void rounding_kernel(float* __restrict__ y, const float* __restrict__ x) {  // x (n), y (n, 2)
  const float value = x[threadIdx.x];
  y[2 * threadIdx.x] = __uint_as_float(to_tf32(value));
  y[2 * threadIdx.x + 1] = __uint_as_float(pack_bf16(0.f, value));
}

/** y: the NaN of GPUs, all ones, rounded as it is, and as kernels write it with either sign. */
__global__ void nan_kernel(float* y) {
  y[0] = __uint_as_float(to_tf32(__uint_as_float(0x7fffffffu)));
  y[1] = __uint_as_float(to_tf32(writable(__uint_as_float(0x7fffffffu))));
  y[2] = __uint_as_float(to_tf32(writable(__uint_as_float(0xffffffffu))));
  y[3] = writable(-1.5f);
  y[4] = writable(INFINITY);
}

namespace {

template <typename Kernel>
void multiply(Kernel kernel, int depth) {
  std::vector<float> a(16 * depth), b(depth * 8);
  // Small integers: exact in every format, so that the product is too.
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(static_cast<int>(i * 29 % 31) - 15);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(static_cast<int>(i * 41 % 61) - 30);
  const Buffer<float> deviceA(a), deviceB(b), d(16 * 8);
  launch(kernel, dim3(1), dim3(32), 1024, nullptr, d.data(), deviceA.data(), deviceB.data());
  const std::vector<float> product = d.read();
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      float expected = 0.f;
      for (int k = 0; k < depth; ++k) expected += a[row * depth + k] * b[k * 8 + column];
      std::printf("%g %g\n", product[row * 8 + column], expected);
    }
  }
}

}  // namespace

std::vector<Case> matrix_cases() {
  return {
      {"tf32 product", [] { multiply(product_kernel<Shape::tf32>, 8); }},
      {"bf16 product", [] { multiply(product_kernel<Shape::bf16>, 16); }},
      {"product of loaded matrices", [] { multiply(loaded_product_kernel, 16); }},
      {"loaded matrices",
       [] {
         const Buffer<float> y(std::vector<float>(3 * 32 * 8));
         launch(load_kernel, dim3(1), dim3(32), 512, nullptr, y.data());
         print(y.read());
       }},
      {"unrounded operand",
       [] {
         const Buffer<float> y(32);
         launch(unrounded_kernel, dim3(1), dim3(32), 0, nullptr, y.data());
         print({y.read()[0]});
       }},
      {"rounding",
       [] {
         const std::vector<float> x = {1.f + 0x1p-11f, -1.f - 0x1p-11f, 1.f + 0x1p-8f, 1.f + 3 * 0x1p-8f, INFINITY};
         const Buffer<float> deviceX(x), y(2 * x.size());
         launch(rounding_kernel, dim3(1), dim3(static_cast<unsigned>(x.size())), 0, nullptr, y.data(), deviceX.data());
         print(y.read());
       }},
      {"not a number",
       [] {
         const Buffer<float> y(5);
         launch(nan_kernel, dim3(1), dim3(1), 0, nullptr, y.data());
         print(y.read());
       }},
  };
}

}  // namespace gannet::kernels
