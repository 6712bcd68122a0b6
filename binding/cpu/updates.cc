#include <cmath>
#include <cstring>

#include "cpu/kernel.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

/** The updates' own reading of a step: w, its slots, the gradient, the learning rate. */
struct Update {
  Step step;

  float* variable(const Run& run, size_t index) const { return run.output<float>(step.inputs[index]); }
  const float* input(const Run& run, size_t index) const { return run.input<float>(step.inputs[index]); }

  UpdateArguments arguments(float rate, double decay) const {
    const Attributes& a = step.attributes;
    return {rate, static_cast<float>(a.clip), static_cast<float>(decay), static_cast<float>(1 - decay), static_cast<float>(a.epsilon)};
  }
};

/** Calls body(offset, count) over the elements of w. */
template <typename Body>
void for_each_part(const Run& run, const Step& step, Body body) {
  constexpr int64_t kPart = 4096;
  const int64_t size = step.output.size();
  parallel_for(run.threads, (size + kPart - 1) / kPart, size, [&](int, Range range) {
    const int64_t begin = range.begin * kPart;
    body(begin, std::min(size, range.end * kPart) - begin);
  });
}

Kernel sgd(const Step& step, Build& build) {
  return {[update = Update{step}, kernel = build.vector.sgd](const Run& run) {
    float* w = update.variable(run, 0);
    const float* g = update.input(run, 1);
    const UpdateArguments a = update.arguments(*update.input(run, 2), 0);
    for_each_part(run, update.step, [&](int64_t i, int64_t n) { kernel(w + i, g + i, a, n); });
  }};
}

using OneSlot = void (*)(float*, float*, const float*, const UpdateArguments&, int64_t);

/** The optimisers with one slot per weight differ in their loop only. */
Kernel with_slot(const Step& step, OneSlot kernel, double decay) {
  return {[update = Update{step}, kernel, decay](const Run& run) {
    float* w = update.variable(run, 0);
    float* slot = update.variable(run, 1);
    const float* g = update.input(run, 2);
    const UpdateArguments a = update.arguments(*update.input(run, 3), decay);
    for_each_part(run, update.step, [&](int64_t i, int64_t n) { kernel(w + i, slot + i, g + i, a, n); });
  }};
}

Kernel momentum(const Step& step, Build& build) { return with_slot(step, build.vector.momentum, step.attributes.momentum); }
Kernel adagrad(const Step& step, Build& build) { return with_slot(step, build.vector.adagrad, 0); }
Kernel rmsprop(const Step& step, Build& build) { return with_slot(step, build.vector.rmsprop, step.attributes.decay); }

Kernel adadelta(const Step& step, Build& build) {
  return {[update = Update{step}, kernel = build.vector.adadelta](const Run& run) {
    float* w = update.variable(run, 0);
    float* squares = update.variable(run, 1);
    float* deltas = update.variable(run, 2);
    const float* g = update.input(run, 3);
    const UpdateArguments a = update.arguments(*update.input(run, 4), update.step.attributes.decay);
    for_each_part(run, update.step, [&](int64_t i, int64_t n) { kernel(w + i, squares + i, deltas + i, g + i, a, n); });
  }};
}

AdamArguments adam_arguments(const Attributes& a, float rate, double t) {
  const auto correction = [t](double beta) { return static_cast<float>(1 / (1 - std::pow(beta, t))); };
  return {rate,
          static_cast<float>(a.clip),
          static_cast<float>(a.epsilon),
          static_cast<float>(a.beta1),
          static_cast<float>(1 - a.beta1),
          correction(a.beta1),
          static_cast<float>(a.beta2),
          static_cast<float>(1 - a.beta2),
          correction(a.beta2)};
}

Kernel adam(const Step& step, Build& build) {
  return {[update = Update{step}, kernel = build.vector.adam](const Run& run) {
    float* w = update.variable(run, 0);
    float* m = update.variable(run, 1);
    float* v = update.variable(run, 2);
    const float* g = update.input(run, 3);
    const AdamArguments a = adam_arguments(update.step.attributes, *update.input(run, 4), *update.input(run, 5));
    for_each_part(run, update.step, [&](int64_t i, int64_t n) { kernel(w + i, m + i, v + i, g + i, a, n); });
  }};
}

Kernel assign(const Step& step, Build&) {
  return {[step](const Run& run) {
    // The value may be the variable itself.
    std::memmove(run.output<char>(step.output), run.input<char>(step.inputs[1]), static_cast<size_t>(step.output.bytes()));
  }};
}

/** state [seed, step]: step + 1, modulo 2^32 */
Kernel advance_random(const Step& step, Build&) {
  return {[step](const Run& run) { run.output<uint32_t>(step.output)[1] += 1; }};
}

}  // namespace

void add_update_kernels(KernelTable& table) {
  table[Op::kAssign] = assign;
  table[Op::kAdvanceRandom] = advance_random;
  table[Op::kSgd] = sgd;
  table[Op::kMomentum] = momentum;
  table[Op::kAdagrad] = adagrad;
  table[Op::kAdadelta] = adadelta;
  table[Op::kRmsprop] = rmsprop;
  table[Op::kAdam] = adam;
}

}  // namespace gannet
