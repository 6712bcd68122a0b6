#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "../cuda/expressions/functions.h"

// The expressions of fused ops (src/tensor/operators.ts). Functions, accesses and their numbers are those of the kernels.
namespace gannet {

using kernels::Access;
using kernels::Function;
using kernels::kFunctionCount;

/** What JavaScript calls a scalar function, how many registers it reads, and whether it carries a number. */
struct FunctionRow {
  std::string_view name;
  Function function;
  int arity;
  bool immediate;
};

#define GANNET_ROW(enumerator, name, text, arity, immediate) FunctionRow{text, Function::enumerator, arity, immediate},
inline constexpr std::array<FunctionRow, kFunctionCount> kFunctions = {GANNET_EACH_FUNCTION(GANNET_ROW)};
#undef GANNET_ROW

struct Instruction {
  Function function = Function::kConstant;
  std::array<int, 3> args = {0, 0, 0};
  int arity = 0;
  float value = 0;
};

/** Registers are numbered: first the operands, then one result per instruction; the last one is the value. */
struct Expression {
  std::vector<Access> access;
  std::vector<Instruction> instructions;
};

enum class ReduceKind { kSum, kMax };

}  // namespace gannet
