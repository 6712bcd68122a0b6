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

/** Copies as `plan` says, made with null for the addresses that only a run knows. */
Kernel copy_as(const Step& step, const kernels::CopyArgs& plan) {
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  return {[input = step.inputs[0], output = step.output, plan](const Run& run) {
    kernels::CopyArgs args = plan;
    args.y = run.output<Bits>(output);
    args.x = run.input<Bits>(input);
    kernels::copy(args, run.stream);
  }};
}

Kernel reshape(const Step& step, const Build&) { return copy_as(step, kernels::contiguous_copy(nullptr, nullptr, count_of(step.output))); }

Kernel broadcast(const Step& step, const Build&) {
  const Attributes& a = step.attributes;
  const kernels::Axes shape = axes_of(a.shape);
  kernels::Axes repeated;
  repeated.count = shape.count;
  for (const int64_t axis : a.axes) repeated.values[axis] = 1;
  return copy_as(step, kernels::broadcast_copy(nullptr, nullptr, shape, repeated));
}

Kernel transpose(const Step& step, const Build&) {
  return copy_as(step, kernels::transpose_copy(nullptr, nullptr, axes_of(step.inputs[0].shape), axes_of(step.attributes.permutation)));
}

Kernel slice(const Step& step, const Build&) {
  const Attributes& a = step.attributes;
  return copy_as(step, kernels::slice_copy(nullptr, nullptr, axes_of(step.inputs[0].shape), axes_of(a.begin), axes_of(a.size)));
}

Kernel pad(const Step& step, const Build&) {
  const Attributes& a = step.attributes;
  return copy_as(step, kernels::pad_copy(nullptr, nullptr, axes_of(step.inputs[0].shape), axes_of(a.before), axes_of(a.after)));
}

Kernel upsample_nearest(const Step& step, const Build&) {
  const Shape& x = step.inputs[0].shape;
  return copy_as(step, kernels::upsample_copy(nullptr, nullptr, narrow(x[0]), narrow(x[1]), narrow(x[2]), narrow(x[3]),
                                              narrow(step.attributes.scale)));
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
