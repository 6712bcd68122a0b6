#include "cuda/ending.h"

#include <algorithm>

namespace gannet::cuda {

namespace {

bool reads(const Step& step, const Slot& value) {
  return std::any_of(step.inputs.begin(), step.inputs.end(), [&](const Slot& input) { return input.overlaps(value); });
}

/** Whether anything from step `first` on needs a value of the arena: what overwrites any part of it ends it. */
bool is_needed(const Slot& value, const Program& program, size_t first) {
  for (size_t i = first; i < program.steps.size(); i++) {
    if (reads(program.steps[i], value)) return true;
    if (program.steps[i].output.overlaps(value)) return false;
  }
  return std::any_of(program.outputs.begin(), program.outputs.end(), [&](const Output& output) { return output.slot.overlaps(value); });
}

/** The operand of a step with an expression that is the whole of `value`, or its number of operands. */
size_t operand_of(const Step& step, const Slot& value) {
  const std::vector<Access>& access = step.attributes.expression.access;
  size_t i = 0;
  while (i < step.inputs.size() && !(step.inputs[i].overlaps(value) && access[i] == Access::kFull)) i++;
  return i;
}

/** Whether a product may write the result of `elementwise` while it reads its own inputs, and nobody misses its own result. */
bool may_end_with(const Step& product, const Step& elementwise, const Build& build) {
  const bool in_place = elementwise.output.overlaps(product.output);
  return !reads(product, elementwise.output) && (in_place || !is_needed(product.output, build.program, build.step + 2));
}

/** Whether a product may end with an elementwise step, and how. */
std::optional<kernels::Epilogue> epilogue_of(const Step& product, const Step& next, const Build& build) {
  if (next.op != Op::kElementwise || next.output.size() != product.output.size()) return {};
  const size_t operand = operand_of(next, product.output);
  if (operand == next.inputs.size() || !may_end_with(product, next, build)) return {};
  const kernels::Epilogue epilogue{translate(next, next.output.size()), static_cast<int>(operand)};
  return kernels::is_supported(epilogue) ? std::optional(epilogue) : std::nullopt;
}

/** Whether a product may take the statistics of its result along, which it writes none the less, and how. */
std::optional<kernels::Statistics> statistics_of(const Step& product, const Step& next) {
  if (next.op != Op::kReduceMoments && next.op != Op::kReduceSums) return {};
  const size_t operand = operand_of(next, product.output);
  if (operand == next.inputs.size() || next.inputs[operand].size() != product.output.size()) return {};
  const kernels::Statistics statistics{translate_reduction(next), static_cast<int>(operand)};
  const bool whole = int64_t{statistics.reduction.reduced} * statistics.reduction.inner == product.output.size();
  return whole && kernels::is_supported(statistics, narrow(product.output.shape.back())) ? std::optional(statistics) : std::nullopt;
}

}  // namespace

Ending::Ending(const Step& product, const Build& build, const kernels::ProductConfig& config, bool takes_statistics)
    : output_(product.output) {
  if (config.workspace_bytes > 0) scratch_.push_back(config.workspace_bytes);
  const Step* next = build.later(1);
  if (!next) return;
  epilogue_ = epilogue_of(product, *next, build);
  if (takes_statistics) statistics_ = statistics_of(product, *next);
  if (!epilogue_ && !statistics_) return;
  step_ = *next;
  if (epilogue_) output_ = next->output;
  if (!statistics_) return;
  const size_t bytes = kernels::statistics_workspace_bytes(*statistics_, config, narrow(product.output.shape.back()));
  if (bytes > 0) scratch_.push_back(bytes);
}

kernels::Epilogue Ending::epilogue(const Run& run) const {
  if (!epilogue_) return {.result = element_of(output_)};
  return {bind(epilogue_->expression, *step_, run), epilogue_->sums, element_of(output_)};
}

std::optional<kernels::Statistics> Ending::statistics(const Run& run) const {
  std::optional<kernels::Statistics> bound = statistics_;
  if (!bound) return bound;
  bound->reduction.y = run.output(step_->output);
  bound->reduction.expression = bind(bound->reduction.expression, *step_, run);
  return bound;
}

}  // namespace gannet::cuda
