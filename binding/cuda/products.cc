#include "cuda/products.h"

namespace gannet::cuda {

namespace {

using Refusal = const char* (*)(const Step&, const kernels::OperandElements&);

/** Null for what is no product. */
Refusal refusal_of(Op op) {
  switch (op) {
    case Op::kConv2d:
    case Op::kConv2dInputGradient:
    case Op::kConv2dFilterGradient: return convolution_refusal;
    case Op::kMatmul: return matmul_refusal;
    default: return nullptr;
  }
}

/** As many operands as the kernels take, both rather than one. */
std::vector<bool> bfloat16_operands(const Step& step) {
  constexpr auto kFloat32 = kernels::Element::kFloat32, kBfloat16 = kernels::Element::kBfloat16;
  constexpr kernels::OperandElements kChoices[] = {{kBfloat16, kBfloat16}, {kBfloat16, kFloat32}, {kFloat32, kBfloat16}};
  const Refusal refusal = refusal_of(step.op);
  if (refusal != nullptr) {
    for (const kernels::OperandElements& choice : kChoices) {
      if (refusal(step, choice) == nullptr) return {choice.first == kBfloat16, choice.second == kBfloat16};
    }
  }
  return std::vector<bool>(step.inputs.size());
}

}  // namespace

std::vector<std::vector<bool>> bfloat16_operands(const Program& program) {
  std::vector<std::vector<bool>> result;
  result.reserve(program.steps.size());
  for (const Step& step : program.steps) result.push_back(bfloat16_operands(step));
  return result;
}

}  // namespace gannet::cuda
