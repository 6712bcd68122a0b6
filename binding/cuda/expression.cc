#include "cuda/expression.h"

#include "error.h"

namespace gannet::cuda {

namespace {

void expect_room(size_t count, int most, const char* what) {
  if (count <= static_cast<size_t>(most)) return;
  throw Error("expression_unsupported", text("the kernels take expressions of up to ", most, " ", what, ", but this one has ", count));
}

kernels::ReduceKind reduce_kind(const Step& step) {
  if (step.op == Op::kReduceMoments) return kernels::ReduceKind::kMoments;
  return step.op == Op::kReduceSums || step.attributes.kind == ReduceKind::kSum ? kernels::ReduceKind::kSum : kernels::ReduceKind::kMax;
}

}  // namespace

kernels::Expression translate(const Step& step, int64_t total) {
  const Expression& expression = step.attributes.expression;
  expect_room(expression.access.size(), kernels::kMaxOperands, "operands");
  expect_room(expression.instructions.size(), kernels::kMaxInstructions, "instructions");
  to_int(total);
  kernels::Expression result;
  for (size_t i = 0; i < expression.access.size(); i++) {
    result.sizes[i] = count_of(step.inputs[i]);
    result.access[i] = expression.access[i];
    result.elements[i] = element_of(step.inputs[i]);
  }
  result.operand_count = static_cast<int>(expression.access.size());
  for (size_t i = 0; i < expression.instructions.size(); i++) {
    const Instruction& instruction = expression.instructions[i];
    result.instructions[i] = {instruction.function, {instruction.args[0], instruction.args[1], instruction.args[2]}, instruction.value};
  }
  result.instruction_count = static_cast<int>(expression.instructions.size());
  return result;
}

kernels::Expression bind(kernels::Expression expression, const Step& step, const Run& run) {
  for (size_t i = 0; i < step.inputs.size(); i++) expression.operands[i] = run.input(step.inputs[i]);
  return expression;
}

void queue_copy(const VariableMemory& variable, int count, cudaStream_t stream) {
  if (variable.copy == nullptr) return;
  kernels::Expression same;
  same.operands[0] = reinterpret_cast<const float*>(variable.data);
  same.sizes[0] = count;
  same.operand_count = 1;
  kernels::elementwise({.y = variable.copy, .expression = same, .total = count, .result = kernels::Element::kBfloat16}, stream);
}

kernels::ReduceArgs translate_reduction(const Step& step) {
  const Attributes& a = step.attributes;
  kernels::ReduceArgs args{.y = nullptr,
                           .expression = translate(step, a.extent[0] * a.extent[1] * a.extent[2]),
                           .kind = reduce_kind(step),
                           .outer = to_int(a.extent[0]),
                           .reduced = to_int(a.extent[1]),
                           .inner = to_int(a.extent[2]),
                           .workspace = nullptr};
  if (step.op != Op::kReduceSums) return args;
  expect_room(a.values.size(), kernels::kMaxSums, "sums");
  for (size_t i = 0; i < a.values.size(); i++) args.values[i] = static_cast<int>(a.values[i]);
  args.value_count = static_cast<int>(a.values.size());
  args.factor = static_cast<float>(a.factor);
  return args;
}

namespace {

Kernel elementwise(const Step& step, const Build&) {
  const kernels::Expression expression = translate(step, step.output.size());
  return {[step, expression](const Run& run) {
    kernels::elementwise({.y = run.output(step.output),
                          .expression = bind(expression, step, run),
                          .total = count_of(step.output),
                          .result = element_of(step.output)},
                         run.stream);
  }};
}

Kernel reduction(const Step& step, const Build&) {
  const kernels::ReduceArgs args = translate_reduction(step);
  return {[step, args](const Run& run) {
            kernels::ReduceArgs bound = args;
            bound.y = run.output(step.output);
            bound.expression = bind(args.expression, step, run);
            bound.workspace = run.workspace;
            kernels::reduce(bound, run.stream);
          },
          {kernels::reduce_workspace_bytes(args)}};
}

}  // namespace

void add_expression_kernels(KernelTable& table) {
  table[Op::kElementwise] = elementwise;
  table[Op::kReduce] = reduction;
  table[Op::kReduceSums] = reduction;
  table[Op::kReduceMoments] = reduction;
}

}  // namespace gannet::cuda
