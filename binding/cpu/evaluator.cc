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
    operands_.push_back({access, size, 0});
  }
  place_operands(operands);
  place_results(join_chains(vector, operands.size(), expression.instructions, kept), kept);
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
    for (int j = 0; j < loops[i].arity; j++) last_use[static_cast<size_t>(loops[i].args[static_cast<size_t>(j)])] = i;
  }
  for (const int64_t index : kept) last_use[static_cast<size_t>(index)] = loops.size();
  std::vector<int64_t> buffers(registers_, 0), vacant;
  for (size_t i = 0; i < loops.size(); i++) {
    // Loops may write over an argument that is read for the last time.
    for (int j = 0; j < loops[i].arity; j++) {
      const auto argument = static_cast<size_t>(loops[i].args[static_cast<size_t>(j)]);
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
  return round_to_lines(registers_ * sizeof(float*)) + round_to_lines(operands_.size() * sizeof(int64_t)) +
         static_cast<size_t>(buffer_floats_) * sizeof(float);
}

void Evaluator::fill(float* y, float value, int64_t count) const {
  vector_.apply[static_cast<int>(Function::kConstant)](y, nullptr, nullptr, nullptr, value, count);
}

Evaluator::Session::Session(const Evaluator& evaluator, const float* const* data, char* scratch) : evaluator_(evaluator), data_(data) {
  registers_ = reinterpret_cast<const float**>(scratch);
  filled_sample_ = reinterpret_cast<int64_t*>(scratch + round_to_lines(evaluator.registers_ * sizeof(float*)));
  buffers_ =
      reinterpret_cast<float*>(reinterpret_cast<char*>(filled_sample_) + round_to_lines(evaluator.operands_.size() * sizeof(int64_t)));
  const int64_t longest = std::min(evaluator.total_, kBlock);
  for (size_t i = 0; i < evaluator.operands_.size(); i++) {
    const Operand& operand = evaluator.operands_[i];
    float* buffer = buffers_ + operand.buffer;
    filled_sample_[i] = -1;
    if (operand.access == Access::kScalar) {
      evaluator.fill(buffer, data[i][0], longest);
      registers_[i] = buffer;
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

const float* Evaluator::Session::read_sample(size_t index, int64_t begin, int64_t count) {
  const Operand& operand = evaluator_.operands_[index];
  float* buffer = buffers_ + operand.buffer;
  const int64_t length = evaluator_.total_ / operand.size;
  int64_t sample = begin / length;
  int64_t end = (sample + 1) * length - begin;
  if (end >= count) {
    if (filled_sample_[index] != sample) evaluator_.fill(buffer, data_[index][sample], kBlock);
    filled_sample_[index] = sample;
    return buffer;
  }
  filled_sample_[index] = -1;
  for (int64_t at = 0; at < count; sample++) {
    const int64_t stop = std::min(end, count);
    for (; at < stop; at++) buffer[at] = data_[index][sample];
    end += length;
  }
  return buffer;
}

const float* Evaluator::Session::read_operand(size_t index, int64_t begin, int64_t count) {
  switch (evaluator_.operands_[index].access) {
    case Access::kFull: return data_[index] + begin;
    case Access::kChannel: return read_channel(index, begin, count);
    case Access::kSample: return read_sample(index, begin, count);
    default: return registers_[index];
  }
}

const float* Evaluator::Session::evaluate(int64_t begin, int64_t count, float* target) {
  const size_t operands = evaluator_.operands_.size();
  for (size_t i = 0; i < operands; i++) registers_[i] = read_operand(i, begin, count);
  if (evaluator_.loops_.empty()) {
    const float* value = registers_[operands - 1];
    if (target == nullptr || target == value) return value;
    std::memcpy(target, value, static_cast<size_t>(count) * sizeof(float));
    return target;
  }
  const Slotted* last = &evaluator_.loops_.back();
  float* result = nullptr;
  for (const Slotted& slotted : evaluator_.loops_) {
    result = &slotted == last && target ? target : buffers_ + slotted.buffer;
    slotted.loop.run(evaluator_.vector_, result, registers_, count);
    registers_[slotted.loop.result] = result;
  }
  return result;
}

}  // namespace gannet
