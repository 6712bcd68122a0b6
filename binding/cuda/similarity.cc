#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

/** m [N,B,C] -> [N,B] */
Kernel batch_similarity(const Step& step, const Build&) {
  count_of(step.inputs[0]);
  return {[step](const Run& run) {
    const Shape& m = step.inputs[0].shape;
    kernels::batch_similarity({.o = run.output(step.output),
                               .m = run.input(step.inputs[0]),
                               .images = to_int(m[0]),
                               .features = to_int(m[1]),
                               .dimensions = to_int(m[2])},
                              run.stream);
  }};
}

/** m [N,B,C], dy [N,B] -> [N,B,C] */
Kernel batch_similarity_gradient(const Step& step, const Build&) {
  count_of(step.inputs[0]);
  return {[step](const Run& run) {
    const Shape& m = step.inputs[0].shape;
    kernels::batch_similarity_gradient({.dm = run.output(step.output),
                                        .m = run.input(step.inputs[0]),
                                        .dy = run.input(step.inputs[1]),
                                        .images = to_int(m[0]),
                                        .features = to_int(m[1]),
                                        .dimensions = to_int(m[2])},
                                       run.stream);
  }};
}

}  // namespace

void add_similarity_kernels(KernelTable& table) {
  table[Op::kBatchSimilarity] = batch_similarity;
  table[Op::kBatchSimilarityGradient] = batch_similarity_gradient;
}

}  // namespace gannet::cuda
