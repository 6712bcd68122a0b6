#pragma once

#include "cuda/epilogue.h"

// What convolutions and matrix products have in common on their way to the kernels.
namespace gannet::cuda {

/** What the operands of a product are in memory. */
inline kernels::OperandElements elements_of(const Step& step) { return {element_of(step.inputs[0]), element_of(step.inputs[1])}; }

/** The kernel of a product of this shape, together with the step behind it where that is its epilogue. */
template <typename Args>
Kernel product_kernel(const Step& step, const Build& build, const decltype(Args::shape)& shape, const kernels::ProductConfig& config,
                      bool takes_statistics, void (*launcher)(const Args&, cudaStream_t)) {
  const ProductEpilogue epilogue(step, build, config, takes_statistics);
  return {.queue =
              [step, shape, config, epilogue, launcher](const Run& run) {
                const auto statistics = epilogue.statistics(run);
                launcher({.result = run.output(epilogue.output()),
                          .first = run.input(step.inputs[0]),
                          .second = run.input(step.inputs[1]),
                          .workspace = reinterpret_cast<float*>(run.workspace),
                          .shape = shape,
                          .config = config,
                          .epilogue = epilogue.expression(run),
                          .statistics = statistics ? &*statistics : nullptr},
                         run.stream);
              },
          .scratch = epilogue.scratch(),
          .steps = epilogue.steps(),
          .epilogue = epilogue.kind(),
          .result_launch = config.splits > 1 ? size_t{1} : size_t{0}};
}

/** Why the kernels of a step cannot take operands that are kept so, or null where they can. Of convolutions and of matmul. */
const char* convolution_refusal(const Step& step, const kernels::OperandElements& elements);
const char* matmul_refusal(const Step& step, const kernels::OperandElements& elements);

/** Of each step of a program and each of its inputs: whether it is an operand of a product that the kernels read as bfloat16. */
std::vector<std::vector<bool>> bfloat16_operands(const Program& program);

}  // namespace gannet::cuda
