#include "evaluator.h"

#include <algorithm>
#include <cstring>

#include "cpu/memory.h"

namespace gannet {

namespace {

/** Channel operands up to this size are unrolled once per session, so that any block can be read without copying. */
constexpr int64_t kUnrolledChannels = Evaluator::kBlock;

}  // namespace

Evaluator::Evaluator(const VectorKernels& vector, const Expression& expression, const std::vector<Slot>& operands, int64_t total,
                     const std::vector<int64_t>& kept)
    : vector_(vector), total_(total), registers_(operands.size() + expression.instructions.size()) {
  for (size_t i = 0; i < operands.size(); i++) {
    const int64_t size = operands[i].size();
    // An operand of one element is a scalar whatever its access, and one of all elements needs no broadcasting.
    const Access access = size == 1 ? Access::kScalar : size == total ? Access::kFull : expression.access[i];
    operands_.push_back({access, size, total / size, 0});
  }
  place_operands(operands);
  place_results(join_chains(operands.size(), expression.instructions, kept), kept);
}

void Evaluator::place_operands(const std::vector<Slot>& operands) {
  for (size_t i = 0; i < operands.size(); i++) {
    Operand& operand = operands_[i];
    if (operand.access == Access::kFull) continue;
    const bool unrolled = operand.access == Access::kChannel && operand.size <= kUnrolledChannels;
    operand.buffer = buffer_floats_;
    buffer_floats_ += unrolled ? 2 * kBlock : kBlock;
  }
}

void Evaluator::place_results(const std::vector<Loop>& loops, const std::vector<int64_t>& kept) {
  const size_t operand_count = operands_.size();
  std::vector<size_t> last_use(registers_, 0);
  for (size_t i = 0; i < loops.size(); i++) {
    for (const int argument : loops[i].args) last_use[static_cast<size_t>(argument)] = i;
  }
  for (const int64_t index : kept) last_use[static_cast<size_t>(index)] = loops.size();
  std::vector<int64_t> buffers(registers_, 0), vacant;
  for (size_t i = 0; i < loops.size(); i++) {
    // Loops may write over an argument that is read for the last time.
    for (const int index : loops[i].args) {
      const auto argument = static_cast<size_t>(index);
      if (argument < operand_count || last_use[argument] != i) continue;
      if (std::find(vacant.begin(), vacant.end(), buffers[argument]) == vacant.end()) vacant.push_back(buffers[argument]);
    }
    if (vacant.empty()) {
      vacant.push_back(buffer_floats_);
      buffer_floats_ += kBlock;
    }
    buffers[loops[i].result] = vacant.back();
    loops_.push_back({loops[i], vacant.back()});
    vacant.pop_back();
  }
}

size_t Evaluator::scratch_bytes() const {
  return round_to_lines(registers_ * sizeof(Register)) + round_to_lines(operands_.size() * sizeof(Range)) +
         static_cast<size_t>(buffer_floats_) * sizeof(float);
}

void Evaluator::fill(float* y, float value, int64_t count) const {
  vector_.apply[static_cast<int>(Function::kConstant)](y, nullptr, nullptr, nullptr, value, count);
}

Evaluator::Session::Session(const Evaluator& evaluator, const float* const* data, char* scratch) : evaluator_(evaluator), data_(data) {
  registers_ = reinterpret_cast<Register*>(scratch);
  filled_ = reinterpret_cast<Range*>(scratch + round_to_lines(evaluator.registers_ * sizeof(Register)));
  buffers_ = reinterpret_cast<float*>(reinterpret_cast<char*>(filled_) + round_to_lines(evaluator.operands_.size() * sizeof(Range)));
  const int64_t longest = std::min(evaluator.total_, kBlock);
  for (size_t i = 0; i < evaluator.operands_.size(); i++) {
    const Operand& operand = evaluator.operands_[i];
    float* buffer = buffers_ + operand.buffer;
    filled_[i] = {0, 0};
    if (operand.access == Access::kScalar) {
      evaluator.fill(buffer, data[i][0], longest);
      registers_[i] = {buffer, true};
    } else if (operand.access == Access::kChannel && operand.size <= kUnrolledChannels) {
      for (int64_t at = 0; at < 2 * kBlock; at += operand.size) {
        std::memcpy(buffer + at, data[i], static_cast<size_t>(std::min(operand.size, 2 * kBlock - at)) * sizeof(float));
      }
    }
  }
}

const float* Evaluator::Session::read_channel(size_t index, int64_t begin, int64_t count) {
  const Operand& operand = evaluator_.operands_[index];
  float* buffer = buffers_ + operand.buffer;
  const int64_t phase = begin % operand.size;
  if (operand.size <= kUnrolledChannels) return buffer + phase;
  if (phase + count <= operand.size) return data_[index] + phase;
  const int64_t first = operand.size - phase;
  std::memcpy(buffer, data_[index] + phase, static_cast<size_t>(first) * sizeof(float));
  std::memcpy(buffer + first, data_[index], static_cast<size_t>(count - first) * sizeof(float));
  return buffer;
}

Register Evaluator::Session::read_sample(size_t index, int64_t begin, int64_t count) {
  const Operand& operand = evaluator_.operands_[index];
  float* buffer = buffers_ + operand.buffer;
  Range& filled = filled_[index];
  if (begin >= filled.begin && begin + count <= filled.end) return {buffer, true};
  int64_t sample = begin / operand.length;
  int64_t end = (sample + 1) * operand.length;
  if (begin + count <= end) {
    evaluator_.fill(buffer, data_[index][sample], kBlock);
    filled = {end - operand.length, end};
    return {buffer, true};
  }
  filled = {0, 0};
  for (int64_t at = 0; at < count; sample++, end += operand.length) {
    const int64_t stop = std::min(end - begin, count);
    for (; at < stop; at++) buffer[at] = data_[index][sample];
  }
  return {buffer, false};
}

Register Evaluator::Session::read_operand(size_t index, int64_t begin, int64_t count) {
  switch (evaluator_.operands_[index].access) {
    case Access::kFull: return {data_[index] + begin, false};
    case Access::kChannel: return {read_channel(index, begin, count), false};
    case Access::kSample: return read_sample(index, begin, count);
    default: return registers_[index];
  }
}

const float* Evaluator::Session::evaluate(int64_t begin, int64_t count, float* target) {
  const size_t operands = evaluator_.operands_.size();
  for (size_t i = 0; i < operands; i++) registers_[i] = read_operand(i, begin, count);
  if (evaluator_.loops_.empty()) {
    const float* value = registers_[operands - 1].numbers;
    if (target == nullptr || target == value) return value;
    std::memcpy(target, value, static_cast<size_t>(count) * sizeof(float));
    return target;
  }
  const Slotted* last = &evaluator_.loops_.back();
  float* result = nullptr;
  for (const Slotted& slotted : evaluator_.loops_) {
    result = &slotted == last && target ? target : buffers_ + slotted.buffer;
    slotted.loop.run(evaluator_.vector_, result, registers_, count);
    registers_[slotted.loop.result] = {result, false};
  }
  return result;
}

}  // namespace gannet
