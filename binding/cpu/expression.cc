#include <algorithm>
#include <memory>

#include "cpu/divisible.h"
#include "cpu/evaluator.h"
#include "cpu/kernel.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

/** y[i] = expression of the operands at i. */
class Elementwise final : public Divisible {
 public:
  Elementwise(const Step& step, Build& build)
      : step_(step),
        total_(step.output.size()),
        addresses_(step),
        evaluator_(build.vector, step.attributes.expression, step.inputs, total_),
        scratch_bytes_(evaluator_.scratch_bytes()) {}

  /** [operands' addresses], [thread][scratch of the evaluator]. */
  size_t workspace_bytes(int threads) const { return addresses_.bytes() + scratch_bytes_ * static_cast<size_t>(threads); }

  void begin(const Run& run) const override { addresses_.write(run, run.workspace); }

  void run(const Run& run) const override {
    const int64_t blocks = (total_ + Evaluator::kBlock - 1) / Evaluator::kBlock;
    parallel_for(run.threads, blocks, total_, [&](int thread, Range range) {
      evaluate(run, thread, {range.begin * Evaluator::kBlock, std::min(total_, range.end * Evaluator::kBlock)});
    });
  }

  int64_t fewest_parts(int64_t count) const override { return total_ % count == 0 ? 1 : 0; }
  std::vector<Touched> reads(int64_t count) const override { return touched_operands(step_, total_, count); }
  std::vector<Touched> writes(int64_t) const override { return {{step_.output, true}}; }

  void run_parts(const Run& run, int thread, Range parts, int64_t count) const override {
    const int64_t part = total_ / count;
    evaluate(run, thread, {parts.begin * part, parts.end * part});
  }

 private:
  void evaluate(const Run& run, int thread, Range elements) const {
    char* scratch = run.workspace + addresses_.bytes() + static_cast<size_t>(thread) * scratch_bytes_;
    Evaluator::Session session(evaluator_, OperandAddresses::in(run.workspace), scratch);
    float* y = run.output<float>(step_.output);
    for (int64_t begin = elements.begin; begin < elements.end; begin += Evaluator::kBlock) {
      session.evaluate(begin, std::min(Evaluator::kBlock, elements.end - begin), y + begin);
    }
  }

  Step step_;
  int64_t total_;
  OperandAddresses addresses_;
  Evaluator evaluator_;
  size_t scratch_bytes_;
};

Kernel elementwise(const Step& step, Build& build) {
  const auto kernel = std::make_shared<Elementwise>(step, build);
  return kernel_of(kernel, kernel->workspace_bytes(build.threads));
}

}  // namespace

void add_expression_kernels(KernelTable& table) { table[Op::kElementwise] = elementwise; }

}  // namespace gannet
