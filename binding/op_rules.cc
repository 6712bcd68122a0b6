#include "op_rules.h"

#include <algorithm>
#include <limits>

#include "checked.h"
#include "error.h"
#include "signature.h"

namespace gannet {

namespace {

void expect(bool condition, const char* code, const std::string& message) {
  if (!condition) throw Error(code, message);
}

void expect_shape(const Slot& slot, const Shape& shape, const char* what) {
  expect(slot.shape == shape, "shape_mismatch", text(what, " must have the shape ", to_string(shape), ", but has ", to_string(slot.shape)));
}

/** One number per axis. */
void expect_axes(const std::vector<int64_t>& list, const Shape& shape, const char* what) {
  expect(list.size() == shape.size(), "attribute_invalid",
         text(what, " must have a number for each axis of ", to_string(shape), ", but is ", to_string(list)));
}

void check_operands(const Step& step, int64_t total) {
  const std::vector<Access>& access = step.attributes.expression.access;
  expect(access.size() == step.inputs.size(), "program_invalid",
         text("the expression reads ", access.size(), " operands, but the step has ", step.inputs.size()));
  for (size_t i = 0; i < access.size(); i++) {
    const int64_t size = step.inputs[i].size();
    const bool fits = access[i] == Access::kFull ? size == total : access[i] == Access::kScalar ? size == 1 : total % size == 0;
    expect(fits, "shape_mismatch", text("operand ", i, " of ", size, " elements does not fit its access over ", total, " elements"));
    expect(access[i] == Access::kFull || step.inputs[i].dtype == DType::kFloat32, "dtype_mismatch",
           text("operand ", i, " is not read element by element: it must be float32"));
  }
}

/** Over the middle axis of [outer, reduced, inner], `results` of them. */
void check_reduction(const Step& step, int64_t results) {
  const std::vector<int64_t>& extent = step.attributes.extent;
  const int64_t kept = checked_product(extent[0], extent[2], "extent");
  const int64_t total = checked_product(kept, extent[1], "extent");
  expect(total < kTooManyElements, "attribute_invalid", text("extent must have fewer than 2^40 elements, but is ", to_string(extent)));
  const int64_t size = checked_product(results, kept, "the number of results");
  expect(step.output.size() == size, "shape_mismatch", text("the output must have ", size, " elements, but has ", step.output.size()));
  check_operands(step, total);
}

void check_reduce_sums(const Step& step) {
  const Attributes& a = step.attributes;
  const auto registers = static_cast<int64_t>(a.expression.access.size() + a.expression.instructions.size());
  const bool valid = !a.values.empty() && std::all_of(a.values.begin(), a.values.end(), [&](int64_t n) { return n < registers; });
  expect(valid, "attribute_invalid", text("values must be some of ", registers, " registers, but is ", to_string(a.values)));
  check_reduction(step, static_cast<int64_t>(a.values.size()));
}

void check_constant(const Step& step) {
  expect(step.output.dtype != DType::kBfloat16, "dtype_mismatch", "the output must be float32 or int32, but is bfloat16");
  if (step.output.dtype != DType::kInt32) return;
  const double value = step.attributes.value;
  using Limits = std::numeric_limits<int32_t>;
  expect(value >= Limits::min() && value <= Limits::max(), "attribute_invalid", text("value must fit 32 bits, but is ", value));
}

void check_reshape(const Step& step) {
  expect(step.inputs[0].size() == step.output.size(), "shape_mismatch",
         text(to_string(step.inputs[0].shape), " and ", to_string(step.output.shape), " differ in their number of elements"));
}

void check_broadcast(const Step& step) {
  const Attributes& a = step.attributes;
  const auto rank = static_cast<int64_t>(a.shape.size());
  const bool valid = std::all_of(a.axes.begin(), a.axes.end(), [&](int64_t axis) { return axis < rank; });
  expect(valid, "attribute_invalid", text("axes must be some of those of ", to_string(a.shape), ", but is ", to_string(a.axes)));
  Shape kept;
  for (size_t axis = 0; axis < a.shape.size(); axis++) {
    if (std::find(a.axes.begin(), a.axes.end(), static_cast<int64_t>(axis)) == a.axes.end()) kept.push_back(a.shape[axis]);
  }
  expect_shape(step.inputs[0], kept, "the input");
}

void check_transpose(const Step& step) {
  const std::vector<int64_t>& permutation = step.attributes.permutation;
  const Shape& shape = step.inputs[0].shape;
  std::vector<int64_t> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  bool valid = sorted.size() == shape.size();
  for (size_t i = 0; valid && i < sorted.size(); i++) valid = sorted[i] == static_cast<int64_t>(i);
  expect(valid, "attribute_invalid",
         text("permutation must list each axis of ", to_string(shape), " once, but is ", to_string(permutation)));
  Shape expected;
  for (const int64_t axis : permutation) expected.push_back(shape[axis]);
  expect_shape(step.output, expected, "the output");
}

void check_concat(const Step& step) {
  const int64_t axis = step.attributes.axis;
  Shape expected = step.inputs[0].shape;
  expect(axis < static_cast<int64_t>(expected.size()), "attribute_invalid", text("axis ", axis, " of ", to_string(expected)));
  int64_t joined = 0;
  for (const Slot& input : step.inputs) {
    expect(input.shape.size() == expected.size(), "shape_mismatch",
           text("every input must have ", expected.size(), " axes, but one has the shape ", to_string(input.shape)));
    joined = checked_sum(joined, input.shape[axis], "the joined axis");
    expected[axis] = input.shape[axis];
    expect_shape(input, expected, "every input, but for the axis,");
  }
  expected[axis] = joined;
  expect_shape(step.output, expected, "the output");
}

void check_slice(const Step& step) {
  const Attributes& a = step.attributes;
  const Shape& shape = step.inputs[0].shape;
  expect_axes(a.begin, shape, "begin");
  expect_axes(a.size, shape, "size");
  for (size_t i = 0; i < shape.size(); i++) {
    expect(a.begin[i] <= shape[i] - a.size[i], "attribute_invalid",
           text("slice from ", to_string(a.begin), " of size ", to_string(a.size), " leaves ", to_string(shape)));
  }
}

void check_pad(const Step& step) {
  const Attributes& a = step.attributes;
  Shape expected = step.inputs[0].shape;
  expect_axes(a.before, expected, "before");
  expect_axes(a.after, expected, "after");
  for (size_t i = 0; i < expected.size(); i++) {
    expected[i] = checked_sum(expected[i], checked_sum(a.before[i], a.after[i], "the padding"), "the padded axis");
  }
  expect_shape(step.output, expected, "the output");
}

/** Rows are written one after another, so what they are written from must not change meanwhile. */
void check_assign_rows(const Step& step) {
  for (size_t i = 1; i < step.inputs.size(); i++) {
    expect(!step.inputs[i].overlaps(step.inputs[0]), "program_invalid",
           text("input ", i, " is the variable whose rows are overwritten; it must be a value of its own"));
  }
}

void check_matmul(const Step& step) {
  const Shape& a = step.inputs[0].shape;
  const Shape& b = step.inputs[1].shape;
  const bool ta = step.attributes.transpose_a, tb = step.attributes.transpose_b;
  expect(a[ta ? 0 : 1] == b[tb ? 1 : 0], "shape_mismatch", text("the inner axes of ", to_string(a), " and ", to_string(b), " differ"));
  expect_shape(step.output, {a[ta ? 1 : 0], b[tb ? 0 : 1]}, "the output");
}

int64_t window_positions(int64_t input, int64_t before, int64_t after, int64_t window, int64_t stride) {
  const int64_t padded = checked_sum(input, checked_sum(before, after, "the padding"), "the padded axis");
  return padded < window ? 0 : (padded - window) / stride + 1;
}

/** Kernels count pixels in 32 bits, and so does oneDNN with each number of a geometry. */
void expect_countable(const WindowGeometry& g) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  for (const int64_t size : {g.n, g.h, g.w, g.c, g.k, g.p, g.q, g.r, g.s, g.stride_h, g.stride_w, g.top, g.bottom, g.left, g.right}) {
    expect(size <= kMost, "shape_unsupported", text("windows are counted in 32 bits, but a size is ", size));
  }
  for (const int64_t pixels : {g.h * g.w, g.p * g.q, g.r * g.s}) {
    expect(pixels <= kMost, "shape_unsupported", text("pixels are counted in 32 bits, but an image or a window has ", pixels));
  }
}

void check_geometry(const WindowGeometry& g) {
  expect_countable(g);
  const int64_t p = window_positions(g.h, g.top, g.bottom, g.r, g.stride_h);
  const int64_t q = window_positions(g.w, g.left, g.right, g.s, g.stride_w);
  expect(
      p == g.p && q == g.q, "shape_mismatch",
      text("windows of ", g.r, "x", g.s, " over ", g.h, "x", g.w, " have ", p, "x", q, " positions, but the shapes say ", g.p, "x", g.q));
}

void set_window(WindowGeometry& g, const Attributes& a) {
  g.stride_h = a.stride[0], g.stride_w = a.stride[1];
  g.top = a.padding[0], g.bottom = a.padding[1], g.left = a.padding[2], g.right = a.padding[3];
}

void check_pooling(const Step& step) {
  const Attributes& a = step.attributes;
  expect(std::max(a.padding[0], a.padding[1]) < a.size[0] && std::max(a.padding[2], a.padding[3]) < a.size[1], "attribute_invalid",
         text("padding ", to_string(a.padding), " must be smaller than the window ", to_string(a.size)));
  check_geometry(pooling_geometry(step));
}

/** What the signature of an op cannot say. */
void check_beyond_signature(const Step& step) {
  switch (step.op) {
    case Op::kElementwise: check_operands(step, step.output.size()); break;
    case Op::kReduce: check_reduction(step, 1); break;
    case Op::kReduceSums: check_reduce_sums(step); break;
    case Op::kReduceMoments: check_reduction(step, 2); break;
    case Op::kConstant: check_constant(step); break;
    case Op::kReshape: check_reshape(step); break;
    case Op::kBroadcast: check_broadcast(step); break;
    case Op::kTranspose: check_transpose(step); break;
    case Op::kConcat: check_concat(step); break;
    case Op::kSlice: check_slice(step); break;
    case Op::kPad: check_pad(step); break;
    case Op::kAssignRows: check_assign_rows(step); break;
    case Op::kMatmul: check_matmul(step); break;
    case Op::kConv2d:
    case Op::kConv2dInputGradient:
    case Op::kConv2dFilterGradient: check_geometry(convolution_geometry(step)); break;
    case Op::kMaxPool:
    case Op::kMaxPoolGradient:
    case Op::kMaxPoolGather:
    case Op::kAveragePool:
    case Op::kAveragePoolGradient: check_pooling(step); break;
    default: break;
  }
}

void check_output_storage(const Step& step) {
  if (step.overwritten() == 0) {
    expect(step.output.storage == Storage::kArena, "program_invalid", "only updates write to variables, and nothing writes to feeds");
    return;
  }
  for (size_t i = 0; i < step.overwritten(); i++) {
    expect(step.inputs[i].storage == Storage::kVariable && step.inputs[i].dtype != DType::kBfloat16, "program_invalid",
           text("input ", i, " is overwritten: it must be a variable, and not its bfloat16 copy"));
  }
  expect(step.output.storage == Storage::kVariable && step.output.offset == step.inputs[0].offset, "program_invalid",
         "an update writes in place: its output must be its first input");
}

void check_overlap(const Step& step) {
  if (step.overwritten() > 0) return;
  const std::vector<Access>& access = step.attributes.expression.access;
  for (size_t i = 0; i < step.inputs.size(); i++) {
    if (!step.output.overlaps(step.inputs[i])) continue;
    const bool in_place = step.op == Op::kElementwise && access[i] == Access::kFull && step.output.offset == step.inputs[i].offset &&
                          step.output.dtype == step.inputs[i].dtype;
    expect(in_place, "program_invalid", text("the output overlaps input ", i));
  }
}

}  // namespace

void check_step(const Step& step) {
  check_signature(step);
  check_beyond_signature(step);
  check_output_storage(step);
  check_overlap(step);
}

WindowGeometry convolution_geometry(const Step& step) {
  const bool from_image = step.op != Op::kConv2dInputGradient;
  const bool from_filter = step.op != Op::kConv2dFilterGradient;
  const Shape& image = from_image ? step.inputs[0].shape : step.output.shape;
  const Shape& filter = from_filter ? step.inputs[1].shape : step.output.shape;
  const Shape& result = !from_image ? step.inputs[0].shape : from_filter ? step.output.shape : step.inputs[1].shape;
  WindowGeometry g{};
  g.n = image[0], g.h = image[1], g.w = image[2], g.c = image[3];
  g.k = filter[0], g.r = filter[1], g.s = filter[2];
  g.p = result[1], g.q = result[2];
  set_window(g, step.attributes);
  return g;
}

WindowGeometry pooling_geometry(const Step& step) {
  const bool to_image = step.op == Op::kAveragePoolGradient || step.op == Op::kMaxPoolGradient;
  const Shape& image = to_image ? step.output.shape : step.inputs[0].shape;
  const Shape& result = !to_image ? step.output.shape : step.op == Op::kMaxPoolGradient ? step.inputs[1].shape : step.inputs[0].shape;
  WindowGeometry g{};
  g.n = image[0], g.h = image[1], g.w = image[2], g.c = image[3], g.k = image[3];
  g.r = step.attributes.size[0], g.s = step.attributes.size[1];
  g.p = result[1], g.q = result[2];
  set_window(g, step.attributes);
  return g;
}

}  // namespace gannet
