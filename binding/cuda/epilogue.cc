#include "cuda/epilogue.h"

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

/** Whether a product may write the result of `elementwise` while it reads its own operands, and nothing else needs the product. */
bool may_apply(const Step& product, const Step& elementwise, const Build& build) {
  const bool in_place = elementwise.output.overlaps(product.output);
  return !reads(product, elementwise.output) && (in_place || !is_needed(product.output, build.program, build.step + 2));
}

/** The step behind a product as an expression that the product applies, if it can. */
std::optional<kernels::Epilogue> expression_of(const Step& product, const Step& next, const Build& build) {
  if (next.op != Op::kElementwise || next.output.size() != product.output.size()) return {};
  const size_t operand = operand_of(next, product.output);
  if (operand == next.inputs.size() || !may_apply(product, next, build)) return {};
  const kernels::Epilogue epilogue{.expression = translate(next, next.output.size()), .sums = static_cast<int>(operand)};
  return kernels::is_supported(epilogue) ? std::optional(epilogue) : std::nullopt;
}

/** The step behind a product as statistics that the product takes of its result, which it writes as well, if it can. */
std::optional<kernels::Statistics> statistics_of(const Step& product, const Step& next) {
  if (next.op != Op::kReduceMoments && next.op != Op::kReduceSums) return {};
  const size_t operand = operand_of(next, product.output);
  if (operand == next.inputs.size() || next.inputs[operand].size() != product.output.size()) return {};
  const kernels::Statistics statistics{.reduction = translate_reduction(next), .result = static_cast<int>(operand)};
  const bool whole = int64_t{statistics.reduction.reduced} * statistics.reduction.inner == product.output.size();
  return whole && kernels::is_supported(statistics, to_int(product.output.shape.back())) ? std::optional(statistics) : std::nullopt;
}

}  // namespace

ProductEpilogue::ProductEpilogue(const Step& product, const Build& build, const kernels::ProductConfig& config, bool takes_statistics)
    : output_(product.output) {
  if (config.workspace_bytes > 0) scratch_.push_back(config.workspace_bytes);
  const Step* next = build.later(1);
  if (!next) return;
  expression_ = expression_of(product, *next, build);
  if (takes_statistics) statistics_ = statistics_of(product, *next);
  if (!expression_ && !statistics_) return;
  step_ = *next;
  if (expression_) output_ = next->output;
  if (!statistics_) return;
  const size_t bytes = kernels::statistics_workspace_bytes(*statistics_, config, to_int(product.output.shape.back()));
  if (bytes > 0) scratch_.push_back(bytes);
}

EpilogueKind ProductEpilogue::kind() const {
  if (expression_) return EpilogueKind::kExpression;
  return statistics_ ? EpilogueKind::kStatistics : EpilogueKind::kNone;
}

kernels::Epilogue ProductEpilogue::expression(const Run& run) const {
  if (!expression_) return {.result = element_of(output_)};
  return {.expression = bind(expression_->expression, *step_, run), .sums = expression_->sums, .result = element_of(output_)};
}

std::optional<kernels::Statistics> ProductEpilogue::statistics(const Run& run) const {
  std::optional<kernels::Statistics> bound = statistics_;
  if (!bound) return bound;
  bound->reduction.y = run.output(step_->output);
  bound->reduction.expression = bind(bound->reduction.expression, *step_, run);
  return bound;
}

}  // namespace gannet::cuda
