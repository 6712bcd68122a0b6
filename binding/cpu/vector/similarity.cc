#include "similarity.h"

#include "math.h"

namespace gannet::GANNET_ISA {

namespace {

/** Features whose distances are held at once: a few vectors of any instruction set. */
constexpr int kFeatures = 64;

/** distance[k] = the L1 distance of a and b in feature k of `count`. */
inline void measure(float* distance, const float* a, const float* b, int64_t count, int64_t n, int64_t dimensions) {
  for (int64_t k = 0; k < count; k++) distance[k] = 0.0f;
  for (int64_t c = 0; c < dimensions; c++) {
    const float* left = a + c * n;
    const float* right = b + c * n;
#pragma GCC ivdep
    for (int64_t k = 0; k < count; k++) distance[k] += absolute(left[k] - right[k]);
  }
}

}  // namespace

void add_similarity(float* o, const float* a, const float* b, int64_t n, int64_t dimensions) {
  float distance[kFeatures];
  for (int64_t first = 0; first < n; first += kFeatures) {
    const int64_t count = n - first < kFeatures ? n - first : kFeatures;
    measure(distance, a + first, b + first, count, n, dimensions);
#pragma GCC ivdep
    for (int64_t k = 0; k < count; k++) o[first + k] += exp_of(-distance[k]);
  }
}

void add_similarity_gradient(float* da, const float* a, const float* b, const float* dy_a, const float* dy_b, int64_t n,
                             int64_t dimensions) {
  float weight[kFeatures];
  for (int64_t first = 0; first < n; first += kFeatures) {
    const int64_t count = n - first < kFeatures ? n - first : kFeatures;
    measure(weight, a + first, b + first, count, n, dimensions);
#pragma GCC ivdep
    for (int64_t k = 0; k < count; k++) weight[k] = (dy_a[first + k] + dy_b[first + k]) * exp_of(-weight[k]);
    for (int64_t c = 0; c < dimensions; c++) {
      const int64_t plane = c * n + first;
#pragma GCC ivdep
      for (int64_t k = 0; k < count; k++) {
        const float difference = a[plane + k] - b[plane + k];
        // The last product is 0, or NaN where one of the two is.
        da[plane + k] -= difference > 0.0f ? weight[k] : difference < 0.0f ? -weight[k] : weight[k] * difference;
      }
    }
  }
}

}  // namespace gannet::GANNET_ISA
