#pragma once

#include "cuda/kernel.h"

namespace gannet::cuda {

/** A step's expression over `total` elements as kernels take it, but for the operands' addresses.
 *  @throws Error `expression_unsupported`, `shape_unsupported` */
kernels::Expression translate(const Step& step, int64_t total);

/** The expression with the addresses of a run. */
kernels::Expression bind(kernels::Expression expression, const Step& step, const Run& run);

/** What a step reduces, of any kind of reduction, but for the addresses. @throws Error `expression_unsupported`, `shape_unsupported` */
kernels::ReduceArgs translate_reduction(const Step& step);

/** Queues what a variable's bfloat16 copy takes to follow the variable, which a launch before has written; nothing if it has no copy. */
void queue_copy(const VariableMemory& variable, int count, cudaStream_t stream);

}  // namespace gannet::cuda
