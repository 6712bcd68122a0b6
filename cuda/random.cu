#include "expressions/operand.h"
#include "kernels.h"
#include "launch/launch.h"

// Random numbers by Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011). One thread per counter, which gives
// four numbers and one 16-byte store. The counter is (i / 4, step, 0, 0), the key (seed, stream). The kernel reads seed and step from
// device memory.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
constexpr int kRounds = 10;
/** Numbers are multiples of 2^-24, so that each is exact in float32. */
constexpr float kUnit = 1.0f / 16777216;

}  // namespace

__device__ __forceinline__ uint4 philox(uint4 counter, uint2 key) {
#pragma unroll
  for (int round = 0; round < kRounds; round++) {
    const uint64_t p0 = uint64_t{0xD2511F53} * counter.x, p1 = uint64_t{0xCD9E8D57} * counter.z;
    counter = make_uint4(static_cast<unsigned>(p1 >> 32) ^ counter.y ^ key.x, static_cast<unsigned>(p1),
                         static_cast<unsigned>(p0 >> 32) ^ counter.w ^ key.y, static_cast<unsigned>(p0));
    key = make_uint2(key.x + 0x9E3779B9, key.y + 0xBB67AE85);
  }
  return counter;
}

/** a * b + c, rounded twice. A fused multiply-add would round once and give other bits than the CPU. */
__device__ __forceinline__ float multiply_then_add(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fadd_rn(__fmul_rn(a, b), c);
#else
  const volatile float product = a * b;
  return product + c;
#endif
}

__device__ __forceinline__ float upper_bits(uint32_t word) { return static_cast<float>(word >> 8); }

struct Uniform {
  static __device__ __forceinline__ float4 numbers(uint4 words, float low, float span) {
    const auto number = [&](uint32_t word) { return multiply_then_add(upper_bits(word) * kUnit, span, low); };
    return make_float4(number(words.x), number(words.y), number(words.z), number(words.w));
  }
};

struct Normal {
  static __device__ __forceinline__ float4 numbers(uint4 words, float mean, float deviation) {
    const float2 a = pair(words.x, words.y), b = pair(words.z, words.w);
    return make_float4(mean + deviation * a.x, mean + deviation * a.y, mean + deviation * b.x, mean + deviation * b.y);
  }

 private:
  /** The Box-Muller transform. The first number is never 0, since its logarithm is taken. */
  static __device__ __forceinline__ float2 pair(uint32_t first, uint32_t second) {
    const float radius = sqrtf(-2.0f * logf((upper_bits(first) + 1.0f) * kUnit));
    float sine, cosine;
    sincospif(2.0f * (upper_bits(second) * kUnit), &sine, &cosine);
    return make_float2(radius * cosine, radius * sine);
  }
};

template <typename Distribution>
__global__ void random_kernel(float* __restrict__ y,               // (total)
                              const uint32_t* __restrict__ state,  // (2)
                              uint32_t stream, float offset, float scale, unsigned total, bool aligned) {
  const unsigned group = blockIdx.x * blockDim.x + threadIdx.x, first = 4 * group;
  if (first >= total) return;
  const uint4 words = philox(make_uint4(group, state[1], 0, 0), make_uint2(state[0], stream));
  store_vector(y, first, Distribution::numbers(words, offset, scale), min(4u, total - first), aligned);
}

__global__ void advance_random_kernel(uint32_t* state  // (2)
) {
  state[1] += 1;
}

namespace {

template <typename Distribution>
void fill_random(const RandomArgs& args, cudaStream_t stream) {
  const auto total = static_cast<unsigned>(args.total);
  launch(random_kernel<Distribution>, dim3(ceil_div(total, 4 * kThreads)), dim3(kThreads), 0, stream, args.y, args.state, args.stream,
         args.offset, args.scale, total, is_aligned_16(args.y));
}

}  // namespace

void random_uniform(const RandomArgs& args, cudaStream_t stream) { fill_random<Uniform>(args, stream); }

void random_normal(const RandomArgs& args, cudaStream_t stream) { fill_random<Normal>(args, stream); }

void advance_random(const AdvanceRandomArgs& args, cudaStream_t stream) {
  launch(advance_random_kernel, dim3(1), dim3(1), 0, stream, args.state);
}

}  // namespace gannet::kernels
