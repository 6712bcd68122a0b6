#include "cuda/ending.h"
#include "error.h"

namespace gannet::cuda {

namespace {

/** a [M,L], b [L,N] -> [M,N]; either may lie transposed. */
Kernel matmul(const Step& step, const Build& build) {
  const Attributes& a = step.attributes;
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  const kernels::MatmulShape shape{narrow(step.output.shape[0]), narrow(step.output.shape[1]),
                                   narrow(step.inputs[0].shape[a.transpose_a ? 0 : 1]), a.transpose_a, a.transpose_b};
  const kernels::OperandElements elements{element_of(step.inputs[0]), element_of(step.inputs[1])};
  if (const char* refusal = kernels::matmul_refusal(shape, elements)) throw Error("shape_unsupported", refusal);
  const kernels::ProductConfig config = kernels::choose_matmul(shape, build.precision, build.gpu, elements);
  const Ending ending(step, build, config, !a.transpose_a);
  return {.queue =
              [step, shape, config, ending](const Run& run) {
                const auto statistics = ending.statistics(run);
                kernels::matmul({.c = run.output(ending.output()),
                                 .a = run.input(step.inputs[0]),
                                 .b = run.input(step.inputs[1]),
                                 .workspace = reinterpret_cast<float*>(run.workspace),
                                 .shape = shape,
                                 .config = config,
                                 .epilogue = ending.epilogue(run),
                                 .statistics = statistics ? &*statistics : nullptr},
                                run.stream);
              },
          .scratch = ending.scratch(),
          .steps = ending.steps()};
}

}  // namespace

void add_matmul_kernels(KernelTable& table) { table[Op::kMatmul] = matmul; }

}  // namespace gannet::cuda
