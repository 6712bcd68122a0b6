#include "cuda/expression.h"

namespace gannet::cuda {

namespace {

Kernel looking_up(std::function<void(const Run&)> queue) { return {.queue = std::move(queue), .looks_up = true}; }

/** table [V,D], indices [...] -> [...,D] */
Kernel gather(const Step& step, const Build& build) {
  count_of(step.inputs[0]), count_of(step.output);
  return looking_up([step, index = static_cast<int>(build.step)](const Run& run) {
    const Shape& table = step.inputs[0].shape;
    kernels::gather({.y = run.output(step.output),
                     .table = run.input(step.inputs[0]),
                     .indices = run.input<int>(step.inputs[1]),
                     .count = count_of(step.inputs[1]),
                     .rows = to_int(table[0]),
                     .width = to_int(table[1]),
                     .error = run.index_error,
                     .step = index},
                    run.stream);
  });
}

/** indices [...], dy [...,D] -> [V,D] */
Kernel scatter_add(const Step& step, const Build& build) {
  count_of(step.inputs[1]), count_of(step.output);
  return looking_up([step, index = static_cast<int>(build.step)](const Run& run) {
    const Shape& table = step.output.shape;
    kernels::scatter_add({.y = run.output(step.output),
                          .indices = run.input<int>(step.inputs[0]),
                          .dy = run.input(step.inputs[1]),
                          .count = count_of(step.inputs[0]),
                          .rows = to_int(table[0]),
                          .width = to_int(table[1]),
                          .error = run.index_error,
                          .step = index},
                         run.stream);
  });
}

/** variable [V,...], indices [N], rows [N,...] */
Kernel assign_rows(const Step& step, const Build& build) {
  count_of(step.inputs[2]);
  const int places = to_int(step.output.shape[0]), total = count_of(step.output);
  return looking_up([step, places, total, index = static_cast<int>(build.step)](const Run& run) {
    kernels::assign_rows({.y = run.output<uint32_t>(step.output),
                          .indices = run.input<int>(step.inputs[1]),
                          .from = run.input<uint32_t>(step.inputs[2]),
                          .count = count_of(step.inputs[1]),
                          .rows = places,
                          .width = total / places,
                          .error = run.index_error,
                          .step = index},
                         run.stream);
    queue_copy(run.variable(step.output), total, run.stream);
  });
}

/** x [...] -> int32 [...] */
Kernel truncate(const Step& step, const Build&) {
  return {[step, total = count_of(step.output)](const Run& run) {
    kernels::truncate({.y = run.output<int>(step.output), .x = run.input(step.inputs[0]), .total = total}, run.stream);
  }};
}

/** indices [...] -> [...,depth] */
Kernel one_hot(const Step& step, const Build& build) {
  count_of(step.output);
  return looking_up([step, index = static_cast<int>(build.step)](const Run& run) {
    kernels::one_hot({.y = run.output(step.output),
                      .indices = run.input<int>(step.inputs[0]),
                      .count = count_of(step.inputs[0]),
                      .depth = to_int(step.attributes.depth),
                      .error = run.index_error,
                      .step = index},
                     run.stream);
  });
}

}  // namespace

void add_lookup_kernels(KernelTable& table) {
  table[Op::kGather] = gather;
  table[Op::kScatterAdd] = scatter_add;
  table[Op::kAssignRows] = assign_rows;
  table[Op::kTruncate] = truncate;
  table[Op::kOneHot] = one_hot;
}

}  // namespace gannet::cuda
