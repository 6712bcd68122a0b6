#include "signature.h"

#include <algorithm>
#include <array>
#include <optional>

#include "checked.h"
#include "error.h"

namespace gannet {

namespace {

std::vector<std::string_view> split(std::string_view list, char separator) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    const size_t end = list.find(separator);
    parts.push_back(list.substr(0, end));
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  }
  return parts;
}

bool is_letter(std::string_view axis) { return axis.size() == 1 && axis[0] >= 'A' && axis[0] <= 'Z'; }
bool is_run(std::string_view axis) { return axis.ends_with("..."); }
bool is_digit(char character) { return character >= '0' && character <= '9'; }

/** What the letters of a signature stand for in one step. */
class Letters {
 public:
  explicit Letters(const Step& step) : step_(step) {}

  /** Takes the letters that are new from the slot. @throws Error `shape_mismatch` if it does not fit */
  void match(const Slot& slot, const OperandRow& row, const std::string& what) {
    const std::vector<std::string_view> axes = split(row.axes, ',');
    const size_t run = static_cast<size_t>(std::find_if(axes.begin(), axes.end(), is_run) - axes.begin());
    const size_t rank = slot.shape.size(), fixed = axes.size() - (run < axes.size() ? 1 : 0);
    if (run < axes.size() ? rank < fixed : rank != fixed) {
      throw Error("shape_mismatch", text(what, " must have the axes [", row.axes, "], but has the shape ", to_string(slot.shape)));
    }
    for (size_t i = 0; i < axes.size(); i++) {
      const size_t place = i > run ? rank - axes.size() + i : i;
      if (i == run) {
        bind_run(axes[i], Shape(slot.shape.begin() + static_cast<ptrdiff_t>(i), slot.shape.end() - static_cast<ptrdiff_t>(fixed - i)));
      } else if (is_letter(axes[i]) && !sizes_[index_of(axes[i])]) {
        sizes_[index_of(axes[i])] = slot.shape[place];
      }
    }
    const Shape expected = shape_of(axes);
    if (slot.shape == expected) return;
    throw Error("shape_mismatch", text(what, " must have the shape ", to_string(expected), ", but has ", to_string(slot.shape)));
  }

 private:
  const Step& step_;
  std::array<std::optional<int64_t>, 26> sizes_;
  /** No signature has two. */
  std::optional<Shape> run_;

  static size_t index_of(std::string_view letter) { return static_cast<size_t>(letter[0] - 'A'); }

  void bind_run(std::string_view axis, Shape sizes) {
    if (is_letter(axis.substr(0, 1)) && !run_) run_ = std::move(sizes);
  }

  Shape shape_of(const std::vector<std::string_view>& axes) const {
    Shape shape;
    for (const std::string_view axis : axes) {
      if (is_run(axis)) {
        const Shape& run = is_letter(axis.substr(0, 1)) ? *run_ : attribute<std::vector<int64_t>>(axis.substr(0, axis.size() - 3));
        shape.insert(shape.end(), run.begin(), run.end());
      } else {
        int64_t size = 1;
        for (const std::string_view factor : split(axis, '*')) size = checked_product(size, size_of(factor), "an axis");
        shape.push_back(size);
      }
    }
    return shape;
  }

  int64_t size_of(std::string_view factor) const {
    if (is_letter(factor)) return *sizes_[index_of(factor)];
    if (is_digit(factor[0])) return std::stoll(std::string(factor));
    return attribute<int64_t>(factor);
  }

  template <typename T>
  const T& attribute(std::string_view name) const {
    for (const AttributeRow& row : row_of(step_.op).attributes) {
      if (row.name == name) return step_.attributes.*std::get<T Attributes::*>(row.member);
    }
    throw Error("program_invalid", text("no attribute is called ", name));
  }
};

void check_type(const Slot& slot, ElementRule rule, DType any, const std::string& what) {
  if (rule == ElementRule::kNumber && slot.dtype == DType::kBfloat16) return;
  const DType expected = rule == ElementRule::kAny ? any : rule == ElementRule::kInt32 ? DType::kInt32 : DType::kFloat32;
  if (slot.dtype == expected) return;
  throw Error("dtype_mismatch", text(what, " must be ", to_string(expected), ", but is ", to_string(slot.dtype)));
}

}  // namespace

void check_signature(const Step& step) {
  const auto& row = row_of(step.op);
  const size_t count = step.inputs.size();
  if (count < row.fewest_inputs || (count > row.input_count && !row.repeated)) {
    throw Error("program_invalid", text("expects ", row.fewest_inputs, row.repeated ? " or more" : "", " inputs, but received ", count));
  }
  Letters letters(step);
  const auto check = [&](const Slot& slot, const OperandRow& operand, const std::string& what) {
    check_type(slot, operand.type, step.output.dtype, what);
    if (operand.has_axes) letters.match(slot, operand, what);
  };
  for (size_t i = 0; i < count; i++) {
    const OperandRow& operand = row.inputs[row.repeated ? 0 : i];
    check(step.inputs[i], operand, row.repeated ? text("input ", i) : text("the ", operand.name));
  }
  check(step.output, row.result, "the output");
}

}  // namespace gannet
