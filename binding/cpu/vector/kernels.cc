#include "kernels.h"

#include "chain.h"
#include "math.h"
#include "random.h"
#include "reductions.h"
#include "similarity.h"
#include "tile.h"
#include "winograd.h"

namespace gannet::GANNET_ISA {

namespace {

// Aliases are exact, so no iteration depends on another: that is what `ivdep` says.
template <typename F>
inline void map(float* y, int64_t n, F f) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) y[i] = f(i);
}

#define GANNET_FUNCTION(name, value_of_element)                                                                                           \
  void name([[maybe_unused]] float* y, [[maybe_unused]] const float* a, [[maybe_unused]] const float* b, [[maybe_unused]] const float* c, \
            [[maybe_unused]] float value, int64_t n) {                                                                                    \
    map(y, n, [=]([[maybe_unused]] int64_t i) -> float { return value_of_element; });                                                     \
  }

GANNET_FUNCTION(neg, -a[i])
GANNET_FUNCTION(abs, absolute(a[i]))
GANNET_FUNCTION(sign, a[i] > 0.0f ? 1.0f : a[i] < 0.0f ? -1.0f : a[i])
GANNET_FUNCTION(step, a[i] > 0.0f ? 1.0f : 0.0f)
GANNET_FUNCTION(exp, exp_of(a[i]))
GANNET_FUNCTION(log, log_of(a[i]))
GANNET_FUNCTION(sqrt, __builtin_sqrtf(a[i]))
GANNET_FUNCTION(reciprocal, 1.0f / a[i])
GANNET_FUNCTION(tanh, tanh_of(a[i]))
GANNET_FUNCTION(sigmoid, sigmoid_of(a[i]))
GANNET_FUNCTION(softplus, softplus_of(a[i]))
// Comparisons are turned so that NaN comes through: a diverged training must show.
GANNET_FUNCTION(relu, a[i] < 0.0f ? 0.0f : a[i])
GANNET_FUNCTION(leaky_relu, a[i] > 0.0f ? a[i] : value * a[i])
GANNET_FUNCTION(elu, elu_of(a[i], value))
GANNET_FUNCTION(add, a[i] + b[i])
GANNET_FUNCTION(sub, a[i] - b[i])
GANNET_FUNCTION(mul, a[i] * b[i])
GANNET_FUNCTION(div, a[i] / b[i])
GANNET_FUNCTION(maximum, a[i] != a[i] || a[i] > b[i] ? a[i] : b[i])
GANNET_FUNCTION(minimum, a[i] != a[i] || a[i] < b[i] ? a[i] : b[i])
GANNET_FUNCTION(greater, a[i] > b[i] ? 1.0f : 0.0f)
GANNET_FUNCTION(equal, a[i] == b[i] ? 1.0f : 0.0f)
GANNET_FUNCTION(select, a[i] > 0.0f ? b[i] : c[i])
GANNET_FUNCTION(constant, value)

#undef GANNET_FUNCTION

inline float larger(float a, float b) { return a != a || a > b ? a : b; }

void add_deviations(float* sum, float* squares, const float* x, const float* from, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float deviation = x[i] - from[i];
    sum[i] += deviation;
    squares[i] += deviation * deviation;
  }
}

void add_to(float* total, const float* x, int64_t n) {
  map(total, n, [=](int64_t i) { return total[i] + x[i]; });
}

void max_to(float* total, const float* x, int64_t n) {
  map(total, n, [=](int64_t i) { return larger(total[i], x[i]); });
}

inline float clipped(float w, float clip) { return w > clip ? clip : w < -clip ? -clip : w; }

void sgd(float* w, const float* g, const UpdateArguments& arguments, int64_t n) {
  const UpdateArguments a = arguments;
  map(w, n, [=](int64_t i) { return clipped(w[i] - a.rate * g[i], a.clip); });
}

void momentum(float* w, float* velocity, const float* g, const UpdateArguments& arguments, int64_t n) {
  const UpdateArguments a = arguments;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float v = a.decay * velocity[i] + g[i];
    velocity[i] = v;
    w[i] = clipped(w[i] - a.rate * v, a.clip);
  }
}

void adagrad(float* w, float* squares, const float* g, const UpdateArguments& arguments, int64_t n) {
  const UpdateArguments a = arguments;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float s = squares[i] + g[i] * g[i];
    squares[i] = s;
    w[i] = clipped(w[i] - a.rate * g[i] / (__builtin_sqrtf(s) + a.epsilon), a.clip);
  }
}

void adadelta(float* w, float* squares, float* deltas, const float* g, const UpdateArguments& arguments, int64_t n) {
  const UpdateArguments a = arguments;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float s = a.decay * squares[i] + a.rest * (g[i] * g[i]);
    const float delta = __builtin_sqrtf((deltas[i] + a.epsilon) / (s + a.epsilon)) * g[i];
    squares[i] = s;
    deltas[i] = a.decay * deltas[i] + a.rest * (delta * delta);
    w[i] = clipped(w[i] - a.rate * delta, a.clip);
  }
}

void rmsprop(float* w, float* squares, const float* g, const UpdateArguments& arguments, int64_t n) {
  const UpdateArguments a = arguments;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float s = a.decay * squares[i] + a.rest * (g[i] * g[i]);
    squares[i] = s;
    w[i] = clipped(w[i] - a.rate * g[i] / (__builtin_sqrtf(s) + a.epsilon), a.clip);
  }
}

void adam(float* w, float* m, float* v, const float* g, const AdamArguments& arguments, int64_t n) {
  const AdamArguments a = arguments;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float first = a.beta1 * m[i] + a.rest1 * g[i];
    const float second = a.beta2 * v[i] + a.rest2 * (g[i] * g[i]);
    m[i] = first;
    v[i] = second;
    w[i] = clipped(w[i] - a.rate * (first * a.correction1) / (__builtin_sqrtf(second * a.correction2) + a.epsilon), a.clip);
  }
}

}  // namespace

#define GANNET_STRING(name) #name
#define GANNET_NAME_OF(name) GANNET_STRING(name)

#define GANNET_NAME(enumerator, name, text, arity, immediate) name,

extern const VectorKernels kKernels;
const VectorKernels kKernels = {
    GANNET_NAME_OF(GANNET_ISA),
    {GANNET_EACH_FUNCTION(GANNET_NAME)},
    run_chain,
    sum,
    max,
    add_to,
    max_to,
    deviations,
    add_deviations,
    {kTileRows, kTileColumns<float>, multiply_add},
    {kTileRows, kTileColumns<double>, multiply_add},
    multiply_strips,
    &kWinograd2x2,
    &kWinograd3x3,
    add_similarity,
    add_similarity_gradient,
    random_uniform,
    random_normal,
    sgd,
    momentum,
    adagrad,
    adadelta,
    rmsprop,
    adam,
};

}  // namespace gannet::GANNET_ISA
