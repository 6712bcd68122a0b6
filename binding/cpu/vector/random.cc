#include "random.h"

#include "math.h"

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
namespace gannet::GANNET_ISA {

namespace {

/** Counters that are worked on side by side. */
constexpr int kLanes = 64;
constexpr int kGroup = 4 * kLanes;

/** word[j][lane]: word j of counter `first + lane`. */
struct Words {
  uint32_t word[4][kLanes];
};

void philox(Words& words, uint32_t first, RandomKey key) {
#pragma GCC ivdep
  for (int lane = 0; lane < kLanes; lane++) {
    uint32_t c0 = first + static_cast<uint32_t>(lane), c1 = key.step, c2 = 0, c3 = 0;
    uint32_t k0 = key.seed, k1 = key.stream;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
      const uint64_t p0 = uint64_t{0xD2511F53} * c0;
      const uint64_t p1 = uint64_t{0xCD9E8D57} * c2;
      c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(p1);
      c3 = static_cast<uint32_t>(p0);
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    words.word[0][lane] = c0;
    words.word[1][lane] = c1;
    words.word[2][lane] = c2;
    words.word[3][lane] = c3;
  }
}

/** The upper 24 bits as a float: exact. */
inline float upper_bits(uint32_t word) { return static_cast<float>(static_cast<int32_t>(word >> 8)); }

constexpr float kUnit = 1.0f / 16777216;

void uniform_group(float* y, const Words& words, float low, float span) {
  for (int lane = 0; lane < kLanes; lane++) {
    for (int j = 0; j < 4; j++) y[4 * lane + j] = low + upper_bits(words.word[j][lane]) * kUnit * span;
  }
}

/** Box-Muller on words 0 and 1, then on words 2 and 3. */
void normal_group(float* y, const Words& words, float mean, float deviation) {
  for (int j = 0; j < 4; j += 2) {
    for (int lane = 0; lane < kLanes; lane++) {
      const float u1 = (upper_bits(words.word[j][lane]) + 1.0f) * kUnit;
      const float u2 = upper_bits(words.word[j + 1][lane]) * kUnit;
      const float radius = __builtin_sqrtf(-2.0f * log_of(u1));
      const SineCosine angle = turn(u2);
      y[4 * lane + j] = mean + deviation * (radius * angle.cosine);
      y[4 * lane + j + 1] = mean + deviation * (radius * angle.sine);
    }
  }
}

template <typename FillGroup>
void fill(float* y, int64_t first, int64_t n, RandomKey key, FillGroup fill_group) {
  for (int64_t i = 0; i < n; i += kGroup) {
    Words words;
    philox(words, static_cast<uint32_t>((first + i) / 4), key);
    if (n - i >= kGroup) {
      fill_group(y + i, words);
    } else {
      float group[kGroup];
      fill_group(group, words);
      __builtin_memcpy(y + i, group, static_cast<size_t>(n - i) * sizeof(float));
    }
  }
}

}  // namespace

void random_uniform(float* y, int64_t first, int64_t n, RandomKey key, float low, float span) {
  fill(y, first, n, key, [=](float* group, const Words& words) { uniform_group(group, words, low, span); });
}

void random_normal(float* y, int64_t first, int64_t n, RandomKey key, float mean, float deviation) {
  fill(y, first, n, key, [=](float* group, const Words& words) { normal_group(group, words, mean, deviation); });
}

}  // namespace gannet::GANNET_ISA
