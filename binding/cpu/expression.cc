#include <memory>

#include "cpu/evaluator.h"
#include "cpu/kernel.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

/** y[i] = expression of the operands at i. */
Kernel elementwise(const Step& step, Build& build) {
  const int64_t total = step.output.size();
  const auto evaluator = std::make_shared<Evaluator>(build.vector, step.attributes.expression, step.inputs, total);
  const size_t scratch = evaluator->scratch_bytes();
  const auto run = [step, evaluator, total, scratch](const Run& run) {
    std::vector<const float*> data(step.inputs.size());
    operand_addresses(run, step.inputs, data);
    float* y = run.output<float>(step.output);
    const int64_t blocks = (total + Evaluator::kBlock - 1) / Evaluator::kBlock;
    parallel_for(run.threads, blocks, total, [&](int thread, Range range) {
      Evaluator::Session session(*evaluator, data.data(), run.workspace + static_cast<size_t>(thread) * scratch);
      for (int64_t block = range.begin; block < range.end; block++) {
        const int64_t begin = block * Evaluator::kBlock;
        session.evaluate(begin, std::min(Evaluator::kBlock, total - begin), y + begin);
      }
    });
  };
  return {run, scratch * static_cast<size_t>(build.threads)};
}

}  // namespace

void add_expression_kernels(KernelTable& table) { table[Op::kElementwise] = elementwise; }

}  // namespace gannet
