#include "program.h"

#include "error.h"

namespace gannet {

int64_t elements(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

std::string to_string(const Shape& shape) {
  std::string list;
  for (const int64_t size : shape) list.append(list.empty() ? "" : ",").append(std::to_string(size));
  return text("[", list, "]");
}

const char* to_string(DType dtype) { return dtype == DType::kFloat32 ? "float32" : dtype == DType::kInt32 ? "int32" : "bfloat16"; }

bool Slot::overlaps(const Slot& other) const {
  if (storage != other.storage) return false;
  if (storage != Storage::kArena) return offset == other.offset;
  return offset < other.offset + other.bytes() && other.offset < offset + bytes();
}

const std::array<FunctionInfo, kFunctionCount>& function_table() {
  static const std::array<FunctionInfo, kFunctionCount> table = {{
      {"neg", Function::kNeg, 1, false},
      {"abs", Function::kAbs, 1, false},
      {"sign", Function::kSign, 1, false},
      {"step", Function::kStep, 1, false},
      {"exp", Function::kExp, 1, false},
      {"log", Function::kLog, 1, false},
      {"sqrt", Function::kSqrt, 1, false},
      {"reciprocal", Function::kReciprocal, 1, false},
      {"tanh", Function::kTanh, 1, false},
      {"sigmoid", Function::kSigmoid, 1, false},
      {"softplus", Function::kSoftplus, 1, false},
      {"relu", Function::kRelu, 1, false},
      {"leakyRelu", Function::kLeakyRelu, 1, true},
      {"elu", Function::kElu, 1, true},
      {"add", Function::kAdd, 2, false},
      {"sub", Function::kSub, 2, false},
      {"mul", Function::kMul, 2, false},
      {"div", Function::kDiv, 2, false},
      {"maximum", Function::kMaximum, 2, false},
      {"minimum", Function::kMinimum, 2, false},
      {"greater", Function::kGreater, 2, false},
      {"equal", Function::kEqual, 2, false},
      {"select", Function::kSelect, 3, false},
      {"constant", Function::kConstant, 0, true},
  }};
  return table;
}

}  // namespace gannet
