#pragma once

#include <span>

#include "expressions/operand.h"
#include "expressions/scalar_functions.h"

// Interprets any expression. Every thread evaluates four neighbouring elements. Its registers are 16-byte slots of shared memory: slot s of
// thread t lies at [s * threads + t], so there are no bank conflicts. An instruction takes a warp about 12 cycles of shared memory. Up to
// about eight instructions take no extra time, since memory is slower.
namespace gannet::kernels {

/** An expression as the interpreter takes it. Operand i starts in slot i; results reuse the slots of values that nothing needs any more. */
struct InterpretedCode {
  struct Line {
    Function function;
    uint8_t result;
    uint8_t args[3];
    float value;
  };
  ExpressionOperand operands[kMaxOperands];
  Access access[kMaxOperands];
  int operand_count;
  Line lines[kMaxInstructions];
  int line_count;
  int slots;
  /** The slots of the values that a reduction takes. */
  uint8_t values[kMaxSums];
};

/** Shared memory that one thread needs. */
inline size_t interpreter_bytes(const InterpretedCode& code) { return static_cast<size_t>(code.slots) * sizeof(float4); }

/** The most threads, from `preferred` downwards in halves, whose slots fit the shared memory that every device grants. */
inline unsigned interpreter_threads(const InterpretedCode& code, unsigned preferred) {
  constexpr size_t kGranted = 48 * 1024;
  while (preferred > 32 && preferred * interpreter_bytes(code) > kGranted) preferred /= 2;
  return preferred;
}

namespace detail {

/** Gives out slots, and takes back those whose values nothing needs any more. */
class SlotAllocator {
 public:
  int take() {
    for (int slot = 0; slot < kSlots; slot++) {
      if (taken_[slot]) continue;
      taken_[slot] = true;
      used_ = slot + 1 > used_ ? slot + 1 : used_;
      return slot;
    }
    return -1;
  }
  void release(int slot) { taken_[slot] = false; }
  int used() const { return used_; }

 private:
  static constexpr int kSlots = kMaxOperands + kMaxInstructions;
  bool taken_[kSlots] = {};
  int used_ = 0;
};

}  // namespace detail

/** Assigns slots to an expression. `values`: registers that are needed at the end, for evaluate_values. */
inline InterpretedCode interpret(const Expression& expression, unsigned total, std::span<const int> values = {}) {
  InterpretedCode code{};
  detail::SlotAllocator allocator;
  int slot_of[kMaxOperands + kMaxInstructions];
  int last_use[kMaxOperands + kMaxInstructions] = {};
  const int operands = expression.operand_count;
  code.operand_count = operands;
  code.line_count = expression.instruction_count;
  for (int i = 0; i < operands; i++) {
    // An operand of all elements is read in full whatever its access, and one of one element as a scalar.
    const auto size = static_cast<unsigned>(expression.sizes[i]);
    code.access[i] = size == total ? Access::kFull : size == 1 ? Access::kScalar : expression.access[i];
    code.operands[i] = make_operand(expression, i, code.access[i], total);
    slot_of[i] = allocator.take();
  }
  for (int i = 0; i < code.line_count; i++) {
    const Instruction& instruction = expression.instructions[i];
    for (int j = 0; j < arity(instruction.function); j++) last_use[instruction.args[j]] = i;
  }
  for (const int value : values) last_use[value] = code.line_count;
  for (int i = 0; i < code.line_count; i++) {
    const Instruction& instruction = expression.instructions[i];
    InterpretedCode::Line& line = code.lines[i];
    line.function = instruction.function;
    line.value = instruction.value;
    for (int j = 0; j < arity(instruction.function); j++) {
      const int argument = instruction.args[j];
      line.args[j] = static_cast<uint8_t>(slot_of[argument]);
      if (last_use[argument] == i) allocator.release(slot_of[argument]);
    }
    slot_of[operands + i] = allocator.take();
    line.result = static_cast<uint8_t>(slot_of[operands + i]);
  }
  for (size_t i = 0; i < values.size(); i++) code.values[i] = static_cast<uint8_t>(slot_of[values[i]]);
  code.slots = allocator.used();
  return code;
}

template <Values kValues>
__device__ inline float4 read_operand(Access access, const ExpressionOperand& operand, unsigned first, int count) {
  switch (access) {
    case Access::kFull: return read_operand<Access::kFull, kValues>(operand, first, count);
    case Access::kChannel: return read_operand<Access::kChannel>(operand, first, count);
    case Access::kSample: return read_operand<Access::kSample>(operand, first, count);
    default: return read_operand<Access::kScalar>(operand, first, count);
  }
}

/** The expression's values at first .. first + count; `slots` is the block's shared memory. Needs no barrier: threads keep to their
 *  own slots. */
template <Values kValues>
__device__ inline float4 evaluate(const InterpretedCode& code, float* slots, unsigned first, int count) {
  float* own = slots + 4 * threadIdx.x;
  const unsigned stride = 4 * blockDim.x;
  float4 value = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  for (int i = 0; i < code.operand_count; i++) {
    value = read_operand<kValues>(code.access[i], code.operands[i], first, count);
    store4(own + i * stride, value);
  }
  if (code.line_count == 0) return code.operand_count > 1 ? load4(own) : value;
  for (int i = 0; i < code.line_count; i++) {
    const InterpretedCode::Line& line = code.lines[i];
    const int arguments = arity(line.function);
    float4 a = value, b = value, c = value;
    if (arguments > 0) a = load4(own + line.args[0] * stride);
    if (arguments > 1) b = load4(own + line.args[1] * stride);
    if (arguments > 2) c = load4(own + line.args[2] * stride);
    value = apply(line.function, a, b, c, line.value);
    store4(own + line.result * stride, value);
  }
  return value;
}

/** The values of several registers: those that interpret() was given. */
template <Values kValues, int kCount>
__device__ inline void evaluate_values(const InterpretedCode& code, float* slots, unsigned first, int count, float4 (&values)[kCount]) {
  evaluate<kValues>(code, slots, first, count);
#pragma unroll
  for (int i = 0; i < kCount; i++) values[i] = load4(slots + 4 * threadIdx.x + code.values[i] * 4 * blockDim.x);
}

}  // namespace gannet::kernels
