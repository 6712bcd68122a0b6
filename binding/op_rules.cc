#include "op_rules.h"

#include <algorithm>
#include <limits>
#include <map>

#include "checked.h"
#include "error.h"

namespace gannet {

namespace {

void expect(bool condition, const char* code, const std::string& message) {
  if (!condition) throw Error(code, message);
}

void expect_shape(const Slot& slot, const Shape& shape, const char* what) {
  expect(slot.shape == shape, "shape_mismatch", text(what, " must have the shape ", to_string(shape), ", but has ", to_string(slot.shape)));
}

void expect_rank(const Slot& slot, size_t rank, const char* what) {
  expect(slot.shape.size() == rank, "shape_mismatch", text(what, " must have ", rank, " axes, but has the shape ", to_string(slot.shape)));
}

void expect_type(const Slot& slot, DType dtype, const char* what) {
  expect(slot.dtype == dtype, "dtype_mismatch", text(what, " must be ", to_string(dtype), ", but is ", to_string(slot.dtype)));
}

void expect_all_float(const Step& step) {
  for (const Slot& input : step.inputs) expect_type(input, DType::kFloat32, "every input");
  expect_type(step.output, DType::kFloat32, "the output");
}

/** float32 numbers, which the arena may keep as bfloat16. */
void expect_number(const Slot& slot, const char* what) {
  if (slot.dtype != DType::kBfloat16) expect_type(slot, DType::kFloat32, what);
}

void expect_all_numbers(const Step& step) {
  for (const Slot& input : step.inputs) expect_number(input, "every input");
  expect_number(step.output, "the output");
}

void expect_same_type(const Step& step) {
  for (const Slot& input : step.inputs) expect_type(input, step.output.dtype, "every input");
}

void expect_count(const std::vector<int64_t>& list, size_t count, int64_t smallest, const char* what) {
  const bool valid = list.size() == count && std::all_of(list.begin(), list.end(), [&](int64_t n) { return n >= smallest; });
  expect(valid, "attribute_invalid", text(what, " must be ", count, " integers of at least ", smallest, ", but is ", to_string(list)));
}

void check_operands(const Step& step, int64_t total) {
  const std::vector<Access>& access = step.attributes.expression.access;
  expect(access.size() == step.inputs.size(), "program_invalid",
         text("the expression reads ", access.size(), " operands, but the step has ", step.inputs.size()));
  for (size_t i = 0; i < access.size(); i++) {
    const int64_t size = step.inputs[i].size();
    const bool fits = access[i] == Access::kFull ? size == total : access[i] == Access::kScalar ? size == 1 : total % size == 0;
    expect(fits, "shape_mismatch", text("operand ", i, " of ", size, " elements does not fit its access over ", total, " elements"));
    if (access[i] != Access::kFull) expect_type(step.inputs[i], DType::kFloat32, "an operand that is not read element by element");
  }
}

void check_elementwise(const Step& step) {
  expect_all_numbers(step);
  check_operands(step, step.output.size());
}

/** Over the middle axis of [outer, reduced, inner], `results` of them. */
void check_reduction(const Step& step, int64_t results) {
  for (const Slot& input : step.inputs) expect_number(input, "every input");
  expect_type(step.output, DType::kFloat32, "the output");
  const std::vector<int64_t>& extent = step.attributes.extent;
  expect_count(extent, 3, 1, "extent");
  const int64_t kept = checked_product(extent[0], extent[2], "extent");
  const int64_t total = checked_product(kept, extent[1], "extent");
  expect(total < kTooManyElements, "attribute_invalid", text("extent must have fewer than 2^40 elements, but is ", to_string(extent)));
  const int64_t size = checked_product(results, kept, "the number of results");
  expect(step.output.size() == size, "shape_mismatch", text("the output must have ", size, " elements, but has ", step.output.size()));
  check_operands(step, total);
}

void check_reduce(const Step& step) { check_reduction(step, 1); }

void check_reduce_sums(const Step& step) {
  const Attributes& a = step.attributes;
  const auto registers = static_cast<int64_t>(a.expression.access.size() + a.expression.instructions.size());
  const bool valid = !a.values.empty() && std::all_of(a.values.begin(), a.values.end(), [&](int64_t n) { return n >= 0 && n < registers; });
  expect(valid, "attribute_invalid", text("values must be some of ", registers, " registers, but is ", to_string(a.values)));
  check_reduction(step, static_cast<int64_t>(a.values.size()));
}

void check_reduce_moments(const Step& step) { check_reduction(step, 2); }

void check_all_reduce(const Step& step) {
  expect_same_type(step);
  expect_shape(step.output, step.inputs[0].shape, "the output");
}

void check_constant(const Step& step) {
  expect(step.output.dtype != DType::kBfloat16, "dtype_mismatch", "the output must be float32 or int32, but is bfloat16");
  if (step.output.dtype != DType::kInt32) return;
  const double value = step.attributes.value;
  using Limits = std::numeric_limits<int32_t>;
  expect(value >= Limits::min() && value <= Limits::max(), "attribute_invalid", text("value must fit 32 bits, but is ", value));
}

void check_reshape(const Step& step) {
  expect_same_type(step);
  expect(step.inputs[0].size() == step.output.size(), "shape_mismatch",
         text(to_string(step.inputs[0].shape), " and ", to_string(step.output.shape), " differ in their number of elements"));
}

void check_broadcast(const Step& step) {
  expect_same_type(step);
  const Attributes& a = step.attributes;
  expect_shape(step.output, a.shape, "the output");
  Shape kept;
  for (size_t axis = 0; axis < a.shape.size(); axis++) {
    if (std::find(a.axes.begin(), a.axes.end(), static_cast<int64_t>(axis)) == a.axes.end()) kept.push_back(a.shape[axis]);
  }
  expect_shape(step.inputs[0], kept, "the input");
}

void check_transpose(const Step& step) {
  expect_same_type(step);
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
  expect_same_type(step);
  const int64_t axis = step.attributes.axis;
  Shape expected = step.inputs[0].shape;
  expect(axis >= 0 && axis < static_cast<int64_t>(expected.size()), "attribute_invalid", text("axis ", axis, " of ", to_string(expected)));
  int64_t joined = 0;
  for (const Slot& input : step.inputs) {
    expect_rank(input, expected.size(), "every input");
    joined = checked_sum(joined, input.shape[axis], "the joined axis");
    expected[axis] = input.shape[axis];
    expect_shape(input, expected, "every input, but for the axis,");
  }
  expected[axis] = joined;
  expect_shape(step.output, expected, "the output");
}

void check_slice(const Step& step) {
  expect_same_type(step);
  const Attributes& a = step.attributes;
  const Shape& shape = step.inputs[0].shape;
  expect_count(a.begin, shape.size(), 0, "begin");
  expect_count(a.size, shape.size(), 1, "size");
  for (size_t i = 0; i < shape.size(); i++) {
    expect(a.begin[i] <= shape[i] - a.size[i], "attribute_invalid",
           text("slice from ", to_string(a.begin), " of size ", to_string(a.size), " leaves ", to_string(shape)));
  }
  expect_shape(step.output, a.size, "the output");
}

void check_pad(const Step& step) {
  expect_same_type(step);
  const Attributes& a = step.attributes;
  Shape expected = step.inputs[0].shape;
  expect_count(a.before, expected.size(), 0, "before");
  expect_count(a.after, expected.size(), 0, "after");
  for (size_t i = 0; i < expected.size(); i++) {
    expected[i] = checked_sum(expected[i], checked_sum(a.before[i], a.after[i], "the padding"), "the padded axis");
  }
  expect_shape(step.output, expected, "the output");
}

void check_matmul(const Step& step) {
  expect_all_numbers(step);
  for (const Slot& input : step.inputs) expect_rank(input, 2, "every input");
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

void expect_window(const Attributes& a) {
  expect_count(a.stride, 2, 1, "stride");
  expect_count(a.padding, 4, 0, "padding");
}

void set_window(WindowGeometry& g, const Attributes& a) {
  g.stride_h = a.stride[0], g.stride_w = a.stride[1];
  g.top = a.padding[0], g.bottom = a.padding[1], g.left = a.padding[2], g.right = a.padding[3];
}

void check_convolution(const Step& step) {
  expect_all_numbers(step);
  expect_window(step.attributes);
  expect_rank(step.inputs[0], 4, "input 0");
  expect_rank(step.inputs[1], 4, "input 1");
  expect_rank(step.output, 4, "the output");
  const WindowGeometry g = convolution_geometry(step);
  check_geometry(g);
  const auto image = Shape{g.n, g.h, g.w, g.c}, filter = Shape{g.k, g.r, g.s, g.c}, result = Shape{g.n, g.p, g.q, g.k};
  if (step.op == "conv2d") {
    expect_shape(step.inputs[0], image, "the image");
    expect_shape(step.inputs[1], filter, "the filter");
    expect_shape(step.output, result, "the output");
  } else if (step.op == "conv2dInputGradient") {
    expect_count(step.attributes.input_size, 2, 1, "inputSize");
    expect_shape(step.inputs[0], result, "the gradient");
    expect_shape(step.inputs[1], filter, "the filter");
    expect_shape(step.output, {g.n, step.attributes.input_size[0], step.attributes.input_size[1], g.c}, "the output");
  } else {
    expect_count(step.attributes.filter_size, 2, 1, "filterSize");
    expect_shape(step.inputs[0], image, "the image");
    expect_shape(step.inputs[1], result, "the gradient");
    expect_shape(step.output, {g.k, step.attributes.filter_size[0], step.attributes.filter_size[1], g.c}, "the output");
  }
}

void check_pooling(const Step& step) {
  expect_all_float(step);
  const Attributes& a = step.attributes;
  expect_window(a);
  expect_count(a.size, 2, 1, "size");
  expect(std::max(a.padding[0], a.padding[1]) < a.size[0] && std::max(a.padding[2], a.padding[3]) < a.size[1], "attribute_invalid",
         text("padding ", to_string(a.padding), " must be smaller than the window ", to_string(a.size)));
  for (const Slot& input : step.inputs) expect_rank(input, 4, "every input");
  expect_rank(step.output, 4, "the output");
  const WindowGeometry g = pooling_geometry(step);
  check_geometry(g);
  const auto image = Shape{g.n, g.h, g.w, g.c}, result = Shape{g.n, g.p, g.q, g.c};
  const bool gradient = step.op == "maxPoolGradient" || step.op == "averagePoolGradient";
  if (step.op == "averagePoolGradient") {
    expect_count(a.input_size, 2, 1, "inputSize");
    expect_shape(step.inputs[0], result, "the gradient");
  } else {
    expect_shape(step.inputs[0], image, "the image");
    if (step.inputs.size() > 1) expect_shape(step.inputs[1], step.op == "maxPoolGather" ? image : result, "input 1");
  }
  expect_shape(step.output, gradient ? image : result, "the output");
}

void check_upsample(const Step& step) {
  expect_all_numbers(step);
  expect_same_type(step);
  expect_rank(step.inputs[0], 4, "the image");
  const int64_t scale = step.attributes.scale;
  expect(scale >= 1, "attribute_invalid", text("scale must be at least 1, but is ", scale));
  const Shape& x = step.inputs[0].shape;
  expect_shape(step.output, {x[0], checked_product(x[1], scale, "the height"), checked_product(x[2], scale, "the width"), x[3]},
               "the output");
}

Shape with_last(Shape shape, int64_t last) {
  shape.push_back(last);
  return shape;
}

void check_gather(const Step& step) {
  expect_type(step.inputs[0], DType::kFloat32, "the table");
  expect_type(step.inputs[1], DType::kInt32, "the indices");
  expect_type(step.output, DType::kFloat32, "the output");
  expect_rank(step.inputs[0], 2, "the table");
  expect_shape(step.output, with_last(step.inputs[1].shape, step.inputs[0].shape[1]), "the output");
}

void check_scatter_add(const Step& step) {
  expect_type(step.inputs[0], DType::kInt32, "the indices");
  expect_type(step.inputs[1], DType::kFloat32, "the gradient");
  expect_type(step.output, DType::kFloat32, "the output");
  expect_rank(step.output, 2, "the output");
  expect_shape(step.output, {step.attributes.rows, step.output.shape[1]}, "the output");
  expect_shape(step.inputs[1], with_last(step.inputs[0].shape, step.output.shape[1]), "the gradient");
}

void check_one_hot(const Step& step) {
  expect_type(step.inputs[0], DType::kInt32, "the indices");
  expect_type(step.output, DType::kFloat32, "the output");
  expect_shape(step.output, with_last(step.inputs[0].shape, step.attributes.depth), "the output");
}

void check_cholesky(const Step& step) {
  expect_all_float(step);
  const Shape& matrix = step.inputs[0].shape;
  expect(matrix.size() == 2 && matrix[0] == matrix[1], "shape_mismatch",
         text("the matrix must be square, but has the shape ", to_string(matrix)));
  expect_shape(step.output, matrix, "the output");
}

void check_batch_similarity(const Step& step) {
  expect_all_float(step);
  expect_rank(step.inputs[0], 3, "the rows");
  const Shape& m = step.inputs[0].shape;
  expect_shape(step.output, {m[0], m[1]}, "the output");
}

void check_batch_similarity_gradient(const Step& step) {
  expect_all_float(step);
  expect_rank(step.inputs[0], 3, "the rows");
  const Shape& m = step.inputs[0].shape;
  expect_shape(step.inputs[1], {m[0], m[1]}, "the gradient");
  expect_shape(step.output, m, "the output");
}

void check_random_state(const Step& step) {
  expect_type(step.inputs[0], DType::kInt32, "the random state");
  expect_shape(step.inputs[0], {2}, "the random state");
}

void check_random(const Step& step) {
  check_random_state(step);
  expect_type(step.output, DType::kFloat32, "the output");
  expect_shape(step.output, step.attributes.shape, "the output");
  const int64_t stream = step.attributes.stream;
  expect(stream >= 0 && stream <= std::numeric_limits<uint32_t>::max(), "attribute_invalid",
         text("stream must fit 32 bits, but is ", stream));
}

void check_assign(const Step& step) {
  expect_same_type(step);
  expect_shape(step.inputs[1], step.inputs[0].shape, "the value");
}

/** w, its slots and the gradient have one shape; the last `scalars` inputs have one element. */
template <size_t scalars>
void check_optimiser(const Step& step) {
  expect_all_float(step);
  for (size_t i = 1; i < step.inputs.size(); i++) {
    const bool scalar = i + scalars >= step.inputs.size();
    const int64_t size = scalar ? 1 : step.output.size();
    expect(step.inputs[i].size() == size, "shape_mismatch",
           text("input ", i, " must have ", size, " elements, but has ", step.inputs[i].size()));
  }
}

const std::map<std::string_view, OpRule>& rules() {
  constexpr size_t kMany = 1 << 20;
  static const std::vector<OpRule> list = {
      {"elementwise", {"expression"}, 0, kMany, check_elementwise},
      {"reduce", {"expression", "kind", "extent"}, 0, kMany, check_reduce},
      {"reduceSums", {"expression", "values", "factor", "extent"}, 0, kMany, check_reduce_sums},
      {"reduceMoments", {"expression", "extent"}, 0, kMany, check_reduce_moments},
      {"constant", {"value"}, 0, 0, check_constant},
      {"reshape", {"shape"}, 1, 1, check_reshape},
      {"broadcast", {"axes", "shape"}, 1, 1, check_broadcast},
      {"transpose", {"permutation"}, 1, 1, check_transpose},
      {"concat", {"axis"}, 1, kMany, check_concat},
      {"slice", {"begin", "size"}, 1, 1, check_slice},
      {"pad", {"before", "after"}, 1, 1, check_pad},
      {"allReduce", {}, 1, 1, check_all_reduce},
      {"matmul", {"transposeA", "transposeB"}, 2, 2, check_matmul},
      {"cholesky", {}, 1, 1, check_cholesky},
      {"batchSimilarity", {}, 1, 1, check_batch_similarity},
      {"batchSimilarityGradient", {}, 2, 2, check_batch_similarity_gradient},
      {"conv2d", {"stride", "padding"}, 2, 2, check_convolution},
      {"conv2dInputGradient", {"stride", "padding", "inputSize"}, 2, 2, check_convolution},
      {"conv2dFilterGradient", {"stride", "padding", "filterSize"}, 2, 2, check_convolution},
      {"maxPool", {"size", "stride", "padding"}, 1, 1, check_pooling},
      {"maxPoolGradient", {"size", "stride", "padding"}, 2, 2, check_pooling},
      {"maxPoolGather", {"size", "stride", "padding"}, 2, 2, check_pooling},
      {"averagePool", {"size", "stride", "padding"}, 1, 1, check_pooling},
      {"averagePoolGradient", {"size", "stride", "padding", "inputSize"}, 1, 1, check_pooling},
      {"upsampleNearest", {"scale"}, 1, 1, check_upsample},
      {"gather", {}, 2, 2, check_gather},
      {"scatterAdd", {"rows"}, 2, 2, check_scatter_add},
      {"oneHot", {"depth"}, 1, 1, check_one_hot},
      {"randomUniform", {"shape", "stream", "low", "high"}, 1, 1, check_random},
      {"randomNormal", {"shape", "stream", "mean", "deviation"}, 1, 1, check_random},
      {"assign", {}, 2, 2, check_assign, 1},
      {"advanceRandom", {}, 1, 1, check_random_state, 1},
      {"sgd", {"clip"}, 3, 3, check_optimiser<1>, 1},
      {"momentum", {"clip", "momentum"}, 4, 4, check_optimiser<1>, 2},
      {"adagrad", {"clip", "epsilon"}, 4, 4, check_optimiser<1>, 2},
      {"adadelta", {"clip", "decay", "epsilon"}, 5, 5, check_optimiser<1>, 3},
      {"rmsprop", {"clip", "decay", "epsilon"}, 4, 4, check_optimiser<1>, 2},
      {"adam", {"clip", "beta1", "beta2", "epsilon"}, 6, 6, check_optimiser<2>, 3},
  };
  static const std::map<std::string_view, OpRule> map = [] {
    std::map<std::string_view, OpRule> result;
    for (const OpRule& rule : list) result.emplace(rule.name, rule);
    return result;
  }();
  return map;
}

void check_output_storage(const Step& step) {
  if (step.written == 0) {
    expect(step.output.storage == Storage::kArena, "program_invalid", "only updates write to variables, and nothing writes to feeds");
    return;
  }
  for (size_t i = 0; i < step.written; i++) {
    expect(step.inputs[i].storage == Storage::kVariable && step.inputs[i].dtype != DType::kBfloat16, "program_invalid",
           text("input ", i, " is overwritten: it must be a variable, and not its bfloat16 copy"));
  }
  expect(step.output.storage == Storage::kVariable && step.output.offset == step.inputs[0].offset, "program_invalid",
         "an update writes in place: its output must be its first input");
}

void check_overlap(const Step& step) {
  if (step.written > 0) return;
  const std::vector<Access>& access = step.attributes.expression.access;
  for (size_t i = 0; i < step.inputs.size(); i++) {
    if (!step.output.overlaps(step.inputs[i])) continue;
    const bool in_place = step.op == "elementwise" && access[i] == Access::kFull && step.output.offset == step.inputs[i].offset &&
                          step.output.dtype == step.inputs[i].dtype;
    expect(in_place, "program_invalid", text("the output overlaps input ", i));
  }
}

}  // namespace

const OpRule& rule_of(std::string_view op) {
  const auto found = rules().find(op);
  if (found == rules().end()) throw Error("op_unknown", text("no device executes the op '", op, "'; it should have been fused or lowered"));
  return found->second;
}

void check_step(const Step& step, const OpRule& rule) {
  const size_t count = step.inputs.size();
  expect(count >= rule.fewest_inputs && count <= rule.most_inputs, "program_invalid",
         text("expects ", rule.fewest_inputs, rule.most_inputs > rule.fewest_inputs ? " or more" : "", " inputs, but received ", count));
  rule.check(step);
  check_output_storage(step);
  check_overlap(step);
}

WindowGeometry convolution_geometry(const Step& step) {
  const bool from_image = step.op != "conv2dInputGradient";
  const bool from_filter = step.op != "conv2dFilterGradient";
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
  const bool to_image = step.op == "averagePoolGradient" || step.op == "maxPoolGradient";
  const Shape& image = to_image ? step.output.shape : step.inputs[0].shape;
  const Shape& result = !to_image ? step.output.shape : step.op == "maxPoolGradient" ? step.inputs[1].shape : step.inputs[0].shape;
  WindowGeometry g{};
  g.n = image[0], g.h = image[1], g.w = image[2], g.c = image[3], g.k = image[3];
  g.r = step.attributes.size[0], g.s = step.attributes.size[1];
  g.p = result[1], g.q = result[2];
  set_window(g, step.attributes);
  return g;
}

}  // namespace gannet
