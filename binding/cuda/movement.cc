#include <cstring>

#include "cuda/expression.h"
#include "error.h"

namespace gannet::cuda {

namespace {

/** Elements are moved as bits, so that one kernel serves all types. Of bfloat16 a pair is moved as one: what a shape counts along the
 *  innermost axis, in pairs, is half of it. */
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
    throw Error("shape_unsupported",
                text("the kernels move tensors of up to ", kernels::kMaxCopyAxes, " axes, but ", to_string(list), " has more"));
  }
  kernels::Axes axes;
  for (const int64_t value : list) axes.values[axes.count++] = to_int(value);
  return axes;
}

/** What a list counts, in units that are moved as one. */
kernels::Axes units_of(const std::vector<int64_t>& list, DType dtype) {
  kernels::Axes axes = axes_of(list);
  if (dtype != DType::kBfloat16) return axes;
  if (list.empty() || list.back() % 2 != 0) {
    throw Error("shape_unsupported",
                text("the kernels move bfloat16 in pairs along the innermost axis, but ", to_string(list), " is odd there"));
  }
  axes.values[axes.count - 1] /= 2;
  return axes;
}

kernels::Axes units_of(const Slot& slot) { return units_of(slot.shape, slot.dtype); }

/** The elements of a tensor, in the same units. */
int units_in(const Slot& slot) { return slot.dtype == DType::kBfloat16 ? units_of({slot.size()}, slot.dtype).values[0] : count_of(slot); }

/** For copies that may tear pairs apart. */
void expect_words(const Slot& slot) {
  if (slot.dtype == DType::kBfloat16) throw Error("shape_unsupported", "the kernels neither broadcast nor transpose bfloat16");
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
  return copy_as(step, [total = units_in(step.output)](Bits* y, const Bits* x) { return kernels::contiguous_copy(y, x, total); });
}

Kernel broadcast(const Step& step, const Build&) {
  expect_words(step.output);
  const Attributes& a = step.attributes;
  const kernels::Axes shape = axes_of(a.shape);
  kernels::Axes repeated;
  repeated.count = shape.count;
  for (const int64_t axis : a.axes) repeated.values[axis] = 1;
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::broadcast_copy(y, x, shape, repeated); });
}

Kernel transpose(const Step& step, const Build&) {
  expect_words(step.output);
  const kernels::Axes shape = axes_of(step.inputs[0].shape), permutation = axes_of(step.attributes.permutation);
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::transpose_copy(y, x, shape, permutation); });
}

Kernel slice(const Step& step, const Build&) {
  const DType dtype = step.output.dtype;
  const kernels::Axes shape = units_of(step.inputs[0]), begin = units_of(step.attributes.begin, dtype), size = units_of(step.output);
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::slice_copy(y, x, shape, begin, size); });
}

Kernel pad(const Step& step, const Build&) {
  const DType dtype = step.output.dtype;
  const kernels::Axes shape = units_of(step.inputs[0]), before = units_of(step.attributes.before, dtype),
                      after = units_of(step.attributes.after, dtype);
  return copy_as(step, [=](Bits* y, const Bits* x) { return kernels::pad_copy(y, x, shape, before, after); });
}

Kernel upsample_nearest(const Step& step, const Build&) {
  const kernels::Axes shape = units_of(step.inputs[0]);
  return copy_as(step, [shape, scale = to_int(step.attributes.scale)](Bits* y, const Bits* x) {
    const int* n = shape.values;
    return kernels::upsample_copy(y, x, n[0], n[1], n[2], n[3], scale);
  });
}

/** One copy per input. */
Kernel concat(const Step& step, const Build&) {
  count_of(step.output);
  const int axis = to_int(step.attributes.axis);
  const kernels::Axes shape = units_of(step.output);
  for (const Slot& input : step.inputs) units_of(input);
  return {[step, axis, shape](const Run& run) {
    int offset = 0;
    for (const Slot& input : step.inputs) {
      const kernels::Axes part = units_of(input);
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
    if (target == source) return;
    kernels::copy(kernels::contiguous_copy(target, source, total), run.stream);
    queue_copy(run.variable(step.output), total, run.stream);
  }};
}

}  // namespace

void add_movement_kernels(KernelTable& table) {
  table[Op::kConstant] = constant;
  table[Op::kReshape] = reshape;
  table[Op::kBroadcast] = broadcast;
  table[Op::kTranspose] = transpose;
  table[Op::kSlice] = slice;
  table[Op::kPad] = pad;
  table[Op::kUpsampleNearest] = upsample_nearest;
  table[Op::kConcat] = concat;
  table[Op::kAssign] = assign;
}

}  // namespace gannet::cuda
