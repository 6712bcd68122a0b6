#include "cpu/kernel.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

using Fill = void (*)(float* y, int64_t first, int64_t n, RandomKey key, float a, float b);

/** Fills the output from the state [seed, step]. */
Kernel random(const Step& step, Fill fill, float a, float b) {
  const auto stream = static_cast<uint32_t>(step.attributes.stream);
  return {[input = step.inputs[0], output = step.output, fill, stream, a, b](const Run& run) {
    constexpr int64_t kChunk = 4096;
    const uint32_t* state = run.input<uint32_t>(input);
    const RandomKey key{state[0], stream, state[1]};
    float* y = run.output<float>(output);
    const int64_t total = output.size();
    parallel_for(run.threads, (total + kChunk - 1) / kChunk, total, [&](int, Range range) {
      const int64_t first = range.begin * kChunk;
      fill(y + first, first, std::min(total, range.end * kChunk) - first, key, a, b);
    });
  }};
}

Kernel random_uniform(const Step& step, Build& build) {
  const auto low = static_cast<float>(step.attributes.low), high = static_cast<float>(step.attributes.high);
  return random(step, build.vector.random_uniform, low, high - low);
}

Kernel random_normal(const Step& step, Build& build) {
  return random(step, build.vector.random_normal, static_cast<float>(step.attributes.mean), static_cast<float>(step.attributes.deviation));
}

}  // namespace

void add_random_kernels(KernelTable& table) {
  table[Op::kRandomUniform] = random_uniform;
  table[Op::kRandomNormal] = random_normal;
}

}  // namespace gannet
