#include <cstring>

#include "cuda/kernel.h"
#include "error.h"

namespace gannet::cuda {

namespace {

/** Elements are moved as bits, so that one kernel serves both types. */
using Bits = uint32_t;

uint32_t bits_of(double value, DType dtype) {
  uint32_t bits;
  if (dtype == DType::kFloat32) {
    const auto number = static_cast<float>(value);
    std::memcpy(&bits, &number, sizeof(bits));
  } else {
    bits = static_cast<uint32_t>(static_cast<int32_t>(value));
  }
  return bits;
}

kernels::Axes axes_of(const std::vector<int64_t>& list) {
  if (list.size() > kernels::kMaxCopyAxes) {
    throw Error("shape_unsupported", text("the kernels move tensors of up to ", kernels::kMaxCopyAxes, " axes, but ", to_string(list), " has more"));
  }
  kernels::Axes axes;
  for (const int64_t value : list) axes.values[axes.count++] = narrow(value);
  return axes;
}

Kernel constant(const Step& step, const Build&) {
  const uint32_t bits = bits_of(step.attributes.value, step.output.dtype);
  return {[output = step.output, bits](const Run& run) {
    kernels::fill({.y = run.output<Bits>(output), .bits = bits, .total = count_of(output)}, run.stream);
  }};
}

/** The copy that `plan` makes of the addresses of y and x, which only a run knows. */
template <typename Plan>
Kernel copy_as(const Step& step, Plan plan) {
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  return {[input = step.inputs[0], output = step.output, plan](const Run& run) {
    kernels::copy(plan(run.output<Bits>(output), run.input<Bits>(input)), run.stream);
  }};
}

Kernel reshape(const Step& step, const Build&) {
  return copy_as(step, [total = count_of(step.output)](Bits* y, const Bits* x) { return kernels::contiguous_copy(y, x, total); });
}

Kernel broadcast(const Step& step, const Build&) {
  const Attributes& a = step.attributes;
  const kernels::Axes shape = axes_of(a.shape);
  kernels::Axes repeated;
  repeated.count = shape.count;
  for (const int64_t axis : a.axes) repeated.values[axis] = 1;
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::broadcast_copy(y, x, shape, repeated); });
}

Kernel transpose(const Step& step, const Build&) {
  const kernels::Axes shape = axes_of(step.inputs[0].shape), permutation = axes_of(step.attributes.permutation);
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::transpose_copy(y, x, shape, permutation); });
}

Kernel slice(const Step& step, const Build&) {
  const kernels::Axes shape = axes_of(step.inputs[0].shape), begin = axes_of(step.attributes.begin), size = axes_of(step.attributes.size);
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::slice_copy(y, x, shape, begin, size); });
}

Kernel pad(const Step& step, const Build&) {
  const kernels::Axes shape = axes_of(step.inputs[0].shape), before = axes_of(step.attributes.before), after = axes_of(step.attributes.after);
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::pad_copy(y, x, shape, before, after); });
}

Kernel upsample_nearest(const Step& step, const Build&) {
  const kernels::Axes shape = axes_of(step.inputs[0].shape);
  return copy_as(step, [shape, scale = narrow(step.attributes.scale)](Bits* y, const Bits* x) {
    const int* n = shape.values;
    return kernels::upsample_copy(y, x, n[0], n[1], n[2], n[3], scale);
  });
}

/** One copy per input. */
Kernel concat(const Step& step, const Build&) {
  count_of(step.output);
  const int axis = narrow(step.attributes.axis);
  const kernels::Axes shape = axes_of(step.output.shape);
  return {[step, axis, shape](const Run& run) {
    int offset = 0;
    for (const Slot& input : step.inputs) {
      const kernels::Axes part = axes_of(input.shape);
      kernels::copy(kernels::concat_copy(run.output<Bits>(step.output), run.input<Bits>(input), shape, part, axis, offset), run.stream);
      offset += part.values[axis];
    }
  }};
}

/** The first input, a variable, takes the value of the second, which may be itself. */
Kernel assign(const Step& step, const Build&) {
  return {[step, total = count_of(step.output)](const Run& run) {
    auto* target = run.output<Bits>(step.output);
    const auto* source = run.input<Bits>(step.inputs[1]);
    if (target != source) kernels::copy(kernels::contiguous_copy(target, source, total), run.stream);
  }};
}

}  // namespace

void add_movement_kernels(KernelTable& table) {
  table["constant"] = constant;
  table["reshape"] = reshape;
  table["broadcast"] = broadcast;
  table["transpose"] = transpose;
  table["slice"] = slice;
  table["pad"] = pad;
  table["upsampleNearest"] = upsample_nearest;
  table["concat"] = concat;
  table["assign"] = assign;
}

}  // namespace gannet::cuda
