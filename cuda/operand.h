#pragma once

#include "divider.h"
#include "kernels.h"

// How kernels read the operands of an expression: four neighbouring elements at a time, as one 16-byte access where the address
// allows it.
namespace gannet::kernels {

struct ExpressionOperand {
  const float* data = nullptr;
  unsigned size = 1;
  /** Of kChannel by the size, of kSample by the length of a sample. */
  Divider divider;
  /** Whether `data` is a multiple of 16 bytes. */
  bool aligned = false;
};

inline ExpressionOperand make_operand(const Expression& expression, int i, Access access, unsigned total) {
  const auto size = static_cast<unsigned>(expression.sizes[i]);
  ExpressionOperand operand{expression.operands[i], size, {}, is_aligned_16(expression.operands[i])};
  if (access == Access::kChannel) operand.divider = make_divider(size);
  if (access == Access::kSample) operand.divider = make_divider(total / size);
  return operand;
}

/** Elements 0 .. count of four, the others 0; `count` from 1 to 4. */
__device__ __forceinline__ float4 load_some(const float* data, int count) {
  return make_float4(data[0], count > 1 ? data[1] : 0.0f, count > 2 ? data[2] : 0.0f, count > 3 ? data[3] : 0.0f);
}

__device__ __forceinline__ void store_some(float* data, float4 value, int count) {
  data[0] = value.x;
  if (count > 1) data[1] = value.y;
  if (count > 2) data[2] = value.z;
  if (count > 3) data[3] = value.w;
}

/** Four elements from `first`, of which `count` exist. `aligned` speaks of `data`. */
__device__ __forceinline__ float4 load_vector(const float* data, unsigned first, int count, bool aligned) {
  return aligned && count == 4 && first % 4 == 0 ? load4(data + first) : load_some(data + first, count);
}

__device__ __forceinline__ void store_vector(float* data, unsigned first, float4 value, int count, bool aligned) {
  if (aligned && count == 4 && first % 4 == 0) {
    store4(data + first, value);
  } else {
    store_some(data + first, value, count);
  }
}

/** What elements first .. first + count of the space see of an operand. */
template <Access kAccess>
__device__ __forceinline__ float4 read_operand(const ExpressionOperand& operand, unsigned first, int count) {
  if constexpr (kAccess == Access::kFull) return load_vector(operand.data, first, count, operand.aligned);
  if constexpr (kAccess == Access::kChannel) {
    const unsigned channel = first - operand.divider.divide(first) * operand.size;
    if (channel + 4 <= operand.size) return load_vector(operand.data, channel, 4, operand.aligned);
    const auto at = [&](unsigned c) { return operand.data[c < operand.size ? c : c % operand.size]; };
    return make_float4(at(channel), at(channel + 1), at(channel + 2), at(channel + 3));
  }
  if constexpr (kAccess == Access::kSample) {
    const unsigned sample = operand.divider.divide(first), last = operand.divider.divide(first + count - 1);
    const float value = operand.data[sample];
    if (sample == last) return make_float4(value, value, value, value);
    const auto at = [&](unsigned i) { return operand.data[i < first + count ? operand.divider.divide(i) : sample]; };
    return make_float4(value, at(first + 1), at(first + 2), at(first + 3));
  }
  const float value = operand.data[0];
  return make_float4(value, value, value, value);
}

}  // namespace gannet::kernels
