#include <algorithm>
#include <cstring>

#include "cpu/divisible.h"
#include "cpu/kernel.h"
#include "cpu/parallel.h"
#include "cpu/strided_copy.h"

namespace gannet {

namespace {

/** Elements are moved as bits, so that one kernel serves both types. */
using Bits = uint32_t;

Kernel constant(const Step& step, Build& build) {
  const auto apply = build.vector.apply[static_cast<int>(Function::kConstant)];
  const double value = step.attributes.value;
  return {[output = step.output, apply, value](const Run& run) {
    if (output.dtype == DType::kFloat32) {
      apply(run.output<float>(output), nullptr, nullptr, nullptr, static_cast<float>(value), output.size());
    } else {
      std::fill_n(run.output<int32_t>(output), output.size(), static_cast<int32_t>(value));
    }
  }};
}

Kernel copy_with(const Step& step, StridedCopy copy) {
  return {[input = step.inputs[0], output = step.output, copy = std::move(copy)](const Run& run) {
    copy.run(run.output<Bits>(output), run.input<Bits>(input), run.threads);
  }};
}

Kernel reshape(const Step& step, Build&) {
  const int64_t size = step.output.size();
  return copy_with(step, StridedCopy({size}, {1}, 0, {1}, 0));
}

Kernel broadcast(const Step& step, Build&) {
  const Shape& shape = step.output.shape;
  Shape strides = row_major_strides(shape), source(shape.size(), 0);
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    const std::vector<int64_t>& axes = step.attributes.axes;
    if (std::find(axes.begin(), axes.end(), static_cast<int64_t>(axis)) != axes.end()) continue;
    source[axis] = stride;
    stride *= shape[axis];
  }
  return copy_with(step, StridedCopy(shape, strides, 0, source, 0));
}

Kernel transpose(const Step& step, Build&) {
  const Shape input_strides = row_major_strides(step.inputs[0].shape);
  Shape source;
  for (const int64_t axis : step.attributes.permutation) source.push_back(input_strides[static_cast<size_t>(axis)]);
  return copy_with(step, StridedCopy(step.output.shape, row_major_strides(step.output.shape), 0, source, 0));
}

int64_t offset_of(const std::vector<int64_t>& index, const Shape& strides) {
  int64_t offset = 0;
  for (size_t i = 0; i < index.size(); i++) offset += index[i] * strides[i];
  return offset;
}

/** Whether the elements of a slice lie together: all of its axes inside the outermost longer one are whole. */
bool is_dense(const Shape& slice, const Shape& shape) {
  const auto outermost = std::find_if(slice.begin(), slice.end(), [](int64_t size) { return size > 1; });
  return outermost == slice.end() || std::equal(outermost + 1, slice.end(), shape.end() - (slice.end() - outermost - 1));
}

/** A copy of elements that lie together, such as one of the rows that a reduction leaves. */
class DenseSlice final : public Divisible {
 public:
  DenseSlice(const Step& step, int64_t first) : source_(step.inputs[0]), target_(step.output), first_(first) {}

  void begin(const Run&) const override {}
  void run(const Run& run) const override {
    parallel_for(run.threads, target_.size(), target_.size(), [&](int, Range elements) { copy(run, elements); });
  }

  int64_t fewest_parts(int64_t count) const override { return target_.size() % count == 0 ? 1 : 0; }
  std::vector<Touched> reads(int64_t) const override {
    if (source_.storage != Storage::kArena) return {{source_, false}};
    Slot read = source_;
    read.offset += first_ * bytes_of(source_.dtype);
    read.shape = target_.shape;
    return {{read, true}};
  }
  std::vector<Touched> writes(int64_t) const override { return {{target_, true}}; }
  void run_parts(const Run& run, int, Range parts, int64_t count) const override {
    const int64_t part = target_.size() / count;
    copy(run, {parts.begin * part, parts.end * part});
  }

 private:
  void copy(const Run& run, Range elements) const {
    std::memcpy(run.output<Bits>(target_) + elements.begin, run.input<Bits>(source_) + first_ + elements.begin,
                static_cast<size_t>(elements.end - elements.begin) * sizeof(Bits));
  }

  Slot source_, target_;
  int64_t first_;
};

Kernel slice(const Step& step, Build&) {
  const Shape source = row_major_strides(step.inputs[0].shape);
  const Shape target = row_major_strides(step.output.shape);
  const int64_t first = offset_of(step.attributes.begin, source);
  if (is_dense(step.output.shape, step.inputs[0].shape)) return kernel_of(std::make_shared<DenseSlice>(step, first), 0);
  return copy_with(step, StridedCopy(step.output.shape, target, 0, source, first));
}

Kernel pad(const Step& step, Build&) {
  const Shape target = row_major_strides(step.output.shape);
  const StridedCopy copy(step.inputs[0].shape, target, offset_of(step.attributes.before, target), row_major_strides(step.inputs[0].shape),
                         0);
  return {[input = step.inputs[0], output = step.output, copy](const Run& run) {
    std::memset(run.output<Bits>(output), 0, static_cast<size_t>(output.bytes()));
    copy.run(run.output<Bits>(output), run.input<Bits>(input), run.threads);
  }};
}

Kernel concat(const Step& step, Build&) {
  const auto axis = static_cast<size_t>(step.attributes.axis);
  const Shape target = row_major_strides(step.output.shape);
  std::vector<StridedCopy> copies;
  int64_t offset = 0;
  for (const Slot& input : step.inputs) {
    copies.emplace_back(input.shape, target, offset * target[axis], row_major_strides(input.shape), 0);
    offset += input.shape[axis];
  }
  return {[inputs = step.inputs, output = step.output, copies = std::move(copies)](const Run& run) {
    for (size_t i = 0; i < inputs.size(); i++) copies[i].run(run.output<Bits>(output), run.input<Bits>(inputs[i]), run.threads);
  }};
}

Kernel upsample_nearest(const Step& step, Build&) {
  const Shape& x = step.inputs[0].shape;
  const int64_t scale = step.attributes.scale;
  const Shape shape = {x[0] * x[1], scale, x[2], scale, x[3]};
  const Shape source = {x[2] * x[3], 0, x[3], 0, 1};
  return copy_with(step, StridedCopy(shape, row_major_strides(shape), 0, source, 0));
}

}  // namespace

void add_movement_kernels(KernelTable& table) {
  table[Op::kConstant] = constant;
  table[Op::kReshape] = reshape;
  table[Op::kBroadcast] = broadcast;
  table[Op::kTranspose] = transpose;
  table[Op::kSlice] = slice;
  table[Op::kPad] = pad;
  table[Op::kConcat] = concat;
  table[Op::kUpsampleNearest] = upsample_nearest;
}

}  // namespace gannet
