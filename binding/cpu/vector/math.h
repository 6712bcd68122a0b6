#pragma once

#include <cstdint>

// Elementary functions in plain arithmetic, so that loops over them become vector code. Accurate to about 2 units in the
// last place of a float; NaN in, NaN out. Everything is static: each instruction set gets its own copy.
namespace {

inline uint32_t bits_of(float x) { return __builtin_bit_cast(uint32_t, x); }
inline float float_of(uint32_t bits) { return __builtin_bit_cast(float, bits); }

/** 2^n for n in [-126, 127]. */
inline float power_of_two(int32_t n) { return float_of(static_cast<uint32_t>(n + 127) << 23); }

// ln 2 in two parts, the first with few enough bits that its multiples by small integers are exact.
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kLn2Low = -2.12194440054690583e-4f;
inline constexpr float kLog2E = 1.44269504088896341f;

/** x = n ln 2 + r with |r| <= ln 2 / 2. */
struct Reduced {
  int32_t n;
  float r;
};

inline Reduced reduce_by_ln2(float x) {
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
  constexpr float kRounder = 12582912.0f;
  const float shifted = x * kLog2E + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  return {static_cast<int32_t>(bits_of(shifted) - bits_of(kRounder)), r};
}

/** (exp(r) - 1 - r) / r^2 for |r| <= ln 2 / 2, by Taylor's series. */
inline float exp_tail(float r) {
  float p = 1.0f / 40320;
  p = p * r + 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  return p * r + 0.5f;
}

inline float exp_of(float x) {
  // Beyond these the result is 0 or infinity anyway, and n stays within the two powers below.
  const float low = x < -104.0f ? -104.0f : x;
  const Reduced reduced = reduce_by_ln2(low > 89.0f ? 89.0f : low);
  const float e = 1.0f + (reduced.r + reduced.r * reduced.r * exp_tail(reduced.r));
  const int32_t half = reduced.n >> 1;
  return e * power_of_two(half) * power_of_two(reduced.n - half);
}

/** exp(x) - 1 for x <= 0, without cancellation near 0. */
inline float expm1_of_negative(float x) {
  const Reduced reduced = reduce_by_ln2(x < -40.0f ? -40.0f : x);
  const float e = reduced.r + reduced.r * reduced.r * exp_tail(reduced.r);
  const float scale = power_of_two(reduced.n);
  return scale * e + (scale - 1.0f);
}

/** 2 artanh(s) / s as a series in s^2: enough terms for |s| <= 1/3. */
inline float twice_artanh(float s) {
  const float z = s * s;
  float p = 2.0f / 17;
  p = p * z + 2.0f / 15;
  p = p * z + 2.0f / 13;
  p = p * z + 2.0f / 11;
  p = p * z + 2.0f / 9;
  p = p * z + 2.0f / 7;
  p = p * z + 2.0f / 5;
  p = p * z + 2.0f / 3;
  return s * 2.0f + s * z * p;
}

inline float log_of(float x) {
  // x = m 2^e with m in [sqrt(1/2), sqrt(2)), and ln m = 2 artanh((m - 1) / (m + 1)).
  constexpr uint32_t kSqrtHalf = 0x3f3504f3;
  const int32_t e = static_cast<int32_t>(bits_of(x) - kSqrtHalf) >> 23;
  const float m = float_of(bits_of(x) - (static_cast<uint32_t>(e) << 23));
  const float twos = static_cast<float>(e);
  const float finite = twos * kLn2High + (twice_artanh((m - 1.0f) / (m + 1.0f)) + twos * kLn2Low);
  constexpr float kInfinity = __builtin_inff();
  const float positive = x < kInfinity ? finite : x;
  const float proper = x > 0.0f ? positive : __builtin_nanf("");
  return x == 0.0f ? -kInfinity : proper;
}

inline float absolute(float x) { return __builtin_fabsf(x); }

inline float tanh_of(float x) {
  const float t = expm1_of_negative(-2.0f * absolute(x));
  return __builtin_copysignf(-t / (2.0f + t), x);
}

inline float sigmoid_of(float x) {
  const float e = exp_of(-absolute(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

inline float softplus_of(float x) {
  const float e = exp_of(-absolute(x));
  return (x < 0.0f ? 0.0f : x) + twice_artanh(e / (2.0f + e));
}

inline float elu_of(float x, float slope) { return x > 0.0f ? x : slope * expm1_of_negative(x); }

/** The sine and cosine of u turns, u in [0, 1]. */
struct SineCosine {
  float sine, cosine;
};

inline SineCosine turn(float u) {
  // The nearest quarter turn, then series on what is left: at most an eighth of a turn either way.
  const int32_t quarter = static_cast<int32_t>(u * 4.0f + 0.5f);  // NOLINT(bugprone-incorrect-roundings): u is never negative
  const float x = (u - 0.25f * static_cast<float>(quarter)) * 6.28318530717958648f;
  const float z = x * x;
  float s = 1.0f / 362880;
  s = s * z - 1.0f / 5040;
  s = s * z + 1.0f / 120;
  s = s * z - 1.0f / 6;
  const float sine = x + x * z * s;
  float c = -1.0f / 3628800;
  c = c * z + 1.0f / 40320;
  c = c * z - 1.0f / 720;
  c = c * z + 1.0f / 24;
  c = c * z - 0.5f;
  const float cosine = 1.0f + z * c;
  const bool swapped = (quarter & 1) != 0;
  const float a = swapped ? cosine : sine;
  const float b = swapped ? sine : cosine;
  return {(quarter & 2) != 0 ? -a : a, ((quarter + 1) & 2) != 0 ? -b : b};
}

}  // namespace
