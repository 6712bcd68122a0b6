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

/** The operand of an elementwise step that is the whole of `value`, or its number of operands. */
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

}  // namespace

Ending::Ending(const Step& product, const Build& build) : output_(product.output) {
  const Step* next = build.later(1);
  if (!next || next->op != "elementwise" || next->output.size() != product.output.size()) return;
  const size_t operand = operand_of(*next, product.output);
  if (operand == next->inputs.size() || !may_end_with(product, *next, build)) return;
  const kernels::Epilogue epilogue{translate(*next, next->output.size()), static_cast<int>(operand)};
  if (!kernels::is_supported(epilogue)) return;
  epilogue_ = epilogue;
  elementwise_ = *next;
}

kernels::Epilogue Ending::epilogue(const Run& run) const {
  if (!elementwise_) return {};
  return {bind(epilogue_.expression, *elementwise_, run), epilogue_.sums};
}

}  // namespace gannet::cuda
