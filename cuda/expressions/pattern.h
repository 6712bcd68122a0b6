#pragma once

#include <utility>

#include "expressions/operand.h"
#include "expressions/scalar_functions.h"

// A compiled expression as a type; formula.h makes these types from readable formulas. A pattern keeps its values in the GPU's registers.
// The host chooses it: it compares the instructions of an expression with those of the pattern. Numbers that instructions carry may be any.
namespace gannet::kernels {

template <Access... kAccess>
struct Reads {};

/** An instruction; registers are numbered as in Expression. */
template <Function kName, int kA = 0, int kB = 0, int kC = 0>
struct Op {
  static constexpr Function kFunction = kName;
  static constexpr int kFirst = kA, kSecond = kB, kThird = kC;

  static bool matches(const Instruction& instruction) {
    const int expected[3] = {kA, kB, kC};
    if (instruction.function != kName) return false;
    for (int i = 0; i < arity(kName); i++) {
      if (instruction.args[i] != expected[i]) return false;
    }
    return true;
  }
};

template <typename Operands, typename... Instructions>
struct Pattern;

template <Access... kAccess, typename... Instructions>
struct Pattern<Reads<kAccess...>, Instructions...> {
  static constexpr int kOperands = sizeof...(kAccess);
  static constexpr int kInstructions = sizeof...(Instructions);
  static constexpr int kRegisters = kOperands + kInstructions;

  /** What a launch needs; passed by value. */
  struct Code {
    ExpressionOperand operands[kOperands];
    float values[kInstructions + 1];
  };

  static bool matches(const Expression& expression) {
    if (expression.operand_count != kOperands || expression.instruction_count != kInstructions) return false;
    const Access access[] = {kAccess...};
    for (int i = 0; i < kOperands; i++) {
      if (expression.access[i] != access[i]) return false;
    }
    int i = 0;
    return (Instructions::matches(expression.instructions[i++]) && ...);
  }

  static Code encode(const Expression& expression, unsigned total) {
    Code code{};
    kernels::encode(expression, total, code.operands, code.values);
    return code;
  }

  /** The expression's values at first .. first + count. */
  template <Values kValues>
  static __device__ __forceinline__ float4 evaluate(const Code& code, unsigned first, int count) {
    float4 registers[kRegisters];
    evaluate<kValues>(code, first, count, registers);
    return registers[kRegisters - 1];
  }

  /** The values of all registers there. */
  template <Values kValues>
  static __device__ __forceinline__ void evaluate(const Code& code, unsigned first, int count, float4 (&registers)[kRegisters]) {
    evaluate<kValues, -1>(code, float4{}, first, count, registers, std::make_integer_sequence<int, kOperands>{},
                          std::make_integer_sequence<int, kInstructions>{});
  }

  /** The expression's values, where operand kGiven is not in memory but passed as `given`. `code` may have room for longer patterns. */
  template <Values kValues, int kGiven, typename LongerCode>
  static __device__ __forceinline__ float4 evaluate_given(const LongerCode& code, float4 given, unsigned first, int count) {
    float4 registers[kRegisters];
    evaluate_given<kValues, kGiven>(code, given, first, count, registers);
    return registers[kRegisters - 1];
  }

  /** The values of all registers there. */
  template <Values kValues, int kGiven, typename LongerCode>
  static __device__ __forceinline__ void evaluate_given(const LongerCode& code, float4 given, unsigned first, int count,
                                                        float4 (&registers)[kRegisters]) {
    evaluate<kValues, kGiven>(code, given, first, count, registers, std::make_integer_sequence<int, kOperands>{},
                              std::make_integer_sequence<int, kInstructions>{});
  }

 private:
  template <Values kValues, int kOperand, Access access, int kGiven, typename AnyCode>
  static __device__ __forceinline__ float4 read(const AnyCode& code, float4 given, unsigned first, int count) {
    if constexpr (kOperand == kGiven) {
      return given;
    } else {
      return read_operand<access, kValues>(code.operands[kOperand], first, count);
    }
  }

  template <Values kValues, int kGiven, typename AnyCode, int... kOperand, int... kInstruction>
  static __device__ __forceinline__ void evaluate(const AnyCode& code, float4 given, unsigned first, int count,
                                                  float4 (&registers)[kRegisters], std::integer_sequence<int, kOperand...>,
                                                  std::integer_sequence<int, kInstruction...>) {
    ((registers[kOperand] = read<kValues, kOperand, kAccess, kGiven>(code, given, first, count)), ...);
    ((registers[kOperands + kInstruction] = apply<Instructions::kFunction>(
          registers[Instructions::kFirst], registers[Instructions::kSecond], registers[Instructions::kThird], code.values[kInstruction])),
     ...);
  }
};

template <typename... Patterns>
struct PatternList {
  /** Calls body(pattern) with the pattern that an expression matches. Returns whether there is one. */
  template <typename Body>
  static bool find(const Expression& expression, Body body) {
    return ((Patterns::matches(expression) && (body(Patterns{}), true)) || ...);
  }
};

}  // namespace gannet::kernels
