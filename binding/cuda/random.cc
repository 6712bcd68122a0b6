#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

using Fill = void (*)(const kernels::RandomArgs&, cudaStream_t);

/** Fills the output from the state [seed, step]. */
Kernel random(const Step& step, Fill fill, double offset, double scale) {
  return {
      [step, fill, offset = static_cast<float>(offset), scale = static_cast<float>(scale), total = count_of(step.output)](const Run& run) {
        fill({.y = run.output(step.output),
              .state = run.input<uint32_t>(step.inputs[0]),
              .stream = static_cast<uint32_t>(step.attributes.stream),
              .offset = offset,
              .scale = scale,
              .total = total},
             run.stream);
      }};
}

Kernel random_uniform(const Step& step, const Build&) {
  // The span is that of the rounded bounds, as on every device.
  const auto low = static_cast<float>(step.attributes.low), high = static_cast<float>(step.attributes.high);
  return random(step, kernels::random_uniform, low, high - low);
}

Kernel random_normal(const Step& step, const Build&) {
  return random(step, kernels::random_normal, step.attributes.mean, step.attributes.deviation);
}

/** state [seed, step]: step + 1, modulo 2^32 */
Kernel advance_random(const Step& step, const Build&) {
  return {[step](const Run& run) { kernels::advance_random({.state = run.output<uint32_t>(step.output)}, run.stream); }};
}

}  // namespace

void add_random_kernels(KernelTable& table) {
  table[Op::kRandomUniform] = random_uniform;
  table[Op::kRandomNormal] = random_normal;
  table[Op::kAdvanceRandom] = advance_random;
}

}  // namespace gannet::cuda
