#pragma once

#include "common/bfloat16.h"
#include "common/divider.h"
#include "kernels.h"

// How kernels read and write elements: four neighbours at a time. If the address allows it, this is one access of 16 bytes, or of 8 for
// bfloat16.
namespace gannet::kernels {

/** The types that a kernel is compiled for: float32 alone, or both. In the latter case each operand and result carries its type. */
enum class Values { kFloat32, kMixed };

struct ExpressionOperand {
  const float* data = nullptr;
  unsigned size = 1;
  /** For kChannel a division by the size, for kSample by the length of a sample. */
  Divider divider;
  /** Whether `data` is a multiple of 16 bytes. */
  bool aligned = false;
  Element element = Element::kFloat32;
};

/** Whether an expression reads or gives anything but float32. */
inline Values values_of(const Expression& expression, Element result = Element::kFloat32) {
  bool mixed = result != Element::kFloat32;
  for (int i = 0; i < expression.operand_count; i++) mixed |= expression.elements[i] != Element::kFloat32;
  return mixed ? Values::kMixed : Values::kFloat32;
}

inline ExpressionOperand make_operand(const Expression& expression, int i, Access access, unsigned total) {
  const auto size = static_cast<unsigned>(expression.sizes[i]);
  ExpressionOperand operand{expression.operands[i], size, {}, is_aligned_16(expression.operands[i]), expression.elements[i]};
  if (access == Access::kChannel) operand.divider = make_divider(size);
  if (access == Access::kSample) operand.divider = make_divider(total / size);
  return operand;
}

/** Sets what kernels take of a compiled expression: its operands, and the number that each instruction carries. */
inline void encode(const Expression& expression, unsigned total, ExpressionOperand* operands, float* values) {
  for (int i = 0; i < expression.operand_count; i++) operands[i] = make_operand(expression, i, expression.access[i], total);
  for (int i = 0; i < expression.instruction_count; i++) values[i] = expression.instructions[i].value;
}

/** Elements 0 .. count of four, the others 0; `count` from 1 to 4. */
__device__ __forceinline__ float4 load_some(const float* data, int count) {
  return make_float4(data[0], count > 1 ? data[1] : 0.0f, count > 2 ? data[2] : 0.0f, count > 3 ? data[3] : 0.0f);
}

__device__ __forceinline__ void store_some(float* data, float4 value, int count) {
  data[0] = writable(value.x);
  if (count > 1) data[1] = writable(value.y);
  if (count > 2) data[2] = writable(value.z);
  if (count > 3) data[3] = writable(value.w);
}

/** Four elements from `first` on, of which `count` exist. `aligned`: `data` is a multiple of 16 bytes. */
__device__ __forceinline__ float4 load_vector(const float* data, unsigned first, int count, bool aligned) {
  return aligned && count == 4 && first % 4 == 0 ? load4(data + first) : load_some(data + first, count);
}

__device__ __forceinline__ void store_vector(float* data, unsigned first, float4 value, int count, bool aligned) {
  if (aligned && count == 4 && first % 4 == 0) {
    store4(data + first, make_float4(writable(value.x), writable(value.y), writable(value.z), writable(value.w)));
  } else {
    store_some(data + first, value, count);
  }
}

/** As load_vector, for either type. The first 8 bytes are loaded without a branch, so that the loads of several operands run at the same
 *  time. Only the second 8 bytes of float32 depend on the type. */
__device__ __forceinline__ float4 load_mixed(const ExpressionOperand& operand, unsigned first, int count) {
  const bool is_bfloat16 = operand.element == Element::kBfloat16;
  if (operand.aligned && count == 4 && first % 4 == 0) {
    const auto* source =
        reinterpret_cast<const uint2*>(reinterpret_cast<const char*>(operand.data) + (size_t{first} << (is_bfloat16 ? 1 : 2)));
    const uint2 low = source[0];
    uint2 high = low;
    if (!is_bfloat16) high = source[1];
    return is_bfloat16 ? make_float4(low_bf16(low.x), high_bf16(low.x), low_bf16(low.y), high_bf16(low.y))
                       : make_float4(__uint_as_float(low.x), __uint_as_float(low.y), __uint_as_float(high.x), __uint_as_float(high.y));
  }
  if (!is_bfloat16) return load_some(operand.data + first, count);
  const auto* data = reinterpret_cast<const unsigned short*>(operand.data) + first;
  const auto at = [&](int i) { return i < count ? low_bf16(data[i]) : 0.0f; };
  return make_float4(low_bf16(data[0]), at(1), at(2), at(3));
}

/** As store_vector, for either type. */
__device__ __forceinline__ void store_mixed(void* y, Element element, unsigned first, float4 value, int count, bool aligned) {
  if (element == Element::kFloat32) return store_vector(static_cast<float*>(y), first, value, count, aligned);
  const uint2 pairs = make_uint2(pack_bf16(value.x, value.y), pack_bf16(value.z, value.w));
  auto* target = static_cast<unsigned short*>(y) + first;
  if (aligned && count == 4 && first % 4 == 0) {
    *reinterpret_cast<uint2*>(target) = pairs;
    return;
  }
  target[0] = static_cast<unsigned short>(pairs.x);
  if (count > 1) target[1] = static_cast<unsigned short>(pairs.x >> 16);
  if (count > 2) target[2] = static_cast<unsigned short>(pairs.y);
  if (count > 3) target[3] = static_cast<unsigned short>(pairs.y >> 16);
}

/** Writes four elements of a result, of which `count` exist. */
template <Values kValues>
__device__ __forceinline__ void store_result(void* y, Element element, unsigned first, float4 value, int count, bool aligned) {
  if constexpr (kValues == Values::kMixed) {
    store_mixed(y, element, first, value, count, aligned);
  } else {
    store_vector(static_cast<float*>(y), first, value, count, aligned);
  }
}

/** The numbers that elements first .. first + count of the expression read from an operand. */
template <Access kAccess, Values kValues = Values::kFloat32>
__device__ __forceinline__ float4 read_operand(const ExpressionOperand& operand, unsigned first, int count) {
  if constexpr (kAccess == Access::kFull && kValues == Values::kMixed) return load_mixed(operand, first, count);
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
