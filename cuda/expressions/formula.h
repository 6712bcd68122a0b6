#pragma once

#include <utility>

#include "expressions/pattern.h"

// Expressions that are compiled into kernels, written as formulas with named values. Only the compiler evaluates a formula. What comes of
// it is a type: the Pattern with the same instructions.
//
//   inline constexpr Formula kScaledSum = [] {
//     formula::Builder f;
//     const auto x = f.full(), y = f.full(), scale = f.channel();  // the operands, in order
//     const auto sum = x + y;                                      // an instruction
//     return f.results(sum * scale);                               // the values that are wanted
//   }();
//   using ScaledSum = PatternOf<kScaledSum>;
//
// Instructions are numbered in the order in which they are written. It must be the order in which src/graph/expression.ts writes them,
// since a pattern is compared with an expression instruction by instruction. C++ does not say which argument of an operation is evaluated
// first, so at most one argument may be an operation itself; give others a name.
namespace gannet::kernels {

/** The instructions of an expression, without its operands' addresses and without its numbers. */
struct Formula {
  struct Line {
    Function function = Function::kConstant;
    int args[3] = {0, 0, 0};
  };
  Access access[kMaxOperands] = {};
  int operand_count = 0;
  Line lines[kMaxInstructions] = {};
  int line_count = 0;
  /** The registers of the values that are wanted. */
  int results[kMaxSums] = {};
  int result_count = 0;
};

namespace formula {

class Builder;

/** A value of a formula, by its register: an operand, or the result of an instruction. */
struct Value {
  Builder* builder;
  int number;
};

class Builder {
 public:
  // Operands, by how they are read. They come before all instructions.
  constexpr Value operand(Access access) {
    made_.access[made_.operand_count] = access;
    return {this, made_.operand_count++};
  }
  constexpr Value full() { return operand(Access::kFull); }
  constexpr Value channel() { return operand(Access::kChannel); }
  constexpr Value sample() { return operand(Access::kSample); }
  constexpr Value scalar() { return operand(Access::kScalar); }

  /** A number that the expression carries. */
  constexpr Value constant() { return apply(Function::kConstant); }

  template <typename... Arguments>
  constexpr Value apply(Function function, Arguments... arguments) {
    Formula::Line& line = made_.lines[made_.line_count];
    line.function = function;
    int i = 0;
    ((line.args[i++] = arguments.number), ...);
    return {this, made_.operand_count + made_.line_count++};
  }

  /** The formula of all that has been written, of which these values are wanted. */
  template <typename... Results>
  constexpr Formula results(Results... results) const {
    Formula result = made_;
    ((result.results[result.result_count++] = results.number), ...);
    return result;
  }

 private:
  Formula made_;
};

constexpr Value operator+(Value a, Value b) { return a.builder->apply(Function::kAdd, a, b); }
constexpr Value operator-(Value a, Value b) { return a.builder->apply(Function::kSub, a, b); }
constexpr Value operator*(Value a, Value b) { return a.builder->apply(Function::kMul, a, b); }
constexpr Value minimum(Value a, Value b) { return a.builder->apply(Function::kMinimum, a, b); }
/** 1 where a > 0, else 0. */
constexpr Value step(Value a) { return a.builder->apply(Function::kStep, a); }
constexpr Value exp(Value a) { return a.builder->apply(Function::kExp, a); }
/** `positive` where a > 0, else `other`. */
constexpr Value select(Value a, Value positive, Value other) { return a.builder->apply(Function::kSelect, a, positive, other); }

// Activations. Of those with a slope or scale the expression carries the number.
constexpr Value relu(Value a) { return a.builder->apply(Function::kRelu, a); }
constexpr Value leaky_relu(Value a) { return a.builder->apply(Function::kLeakyRelu, a); }
constexpr Value elu(Value a) { return a.builder->apply(Function::kElu, a); }
constexpr Value tanh(Value a) { return a.builder->apply(Function::kTanh, a); }
constexpr Value sigmoid(Value a) { return a.builder->apply(Function::kSigmoid, a); }
/** None. */
constexpr Value linear(Value a) { return a; }

}  // namespace formula

namespace detail {

template <const Formula& kFormula, int... kOperand, int... kLine>
auto pattern_of(std::integer_sequence<int, kOperand...>, std::integer_sequence<int, kLine...>)
    -> Pattern<Reads<kFormula.access[kOperand]...>, Op<kFormula.lines[kLine].function, kFormula.lines[kLine].args[0],
                                                       kFormula.lines[kLine].args[1], kFormula.lines[kLine].args[2]>...>;

template <const Formula& kFormula, int... kResult>
auto results_of(std::integer_sequence<int, kResult...>) -> std::integer_sequence<int, kFormula.results[kResult]...>;

}  // namespace detail

/** The pattern with the operands and instructions of a formula. */
template <const Formula& kFormula>
using PatternOf = decltype(detail::pattern_of<kFormula>(std::make_integer_sequence<int, kFormula.operand_count>{},
                                                        std::make_integer_sequence<int, kFormula.line_count>{}));

/** The registers of a formula's results, as a sequence of numbers. */
template <const Formula& kFormula>
using ResultsOf = decltype(detail::results_of<kFormula>(std::make_integer_sequence<int, kFormula.result_count>{}));

}  // namespace gannet::kernels
