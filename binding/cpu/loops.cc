#include "cpu/loops.h"

#include <algorithm>
#include <optional>

namespace gannet {

namespace {

/** The links of a chain so far; each but the first takes the result of the one before. */
struct Links {
  std::vector<Arithmetic> links;
  std::vector<int> args;
};

std::optional<Arithmetic> arithmetic(Function function) {
  switch (function) {
    case Function::kAdd: return Arithmetic::kAdd;
    case Function::kSub: return Arithmetic::kSub;
    case Function::kMul: return Arithmetic::kMul;
    default: return std::nullopt;
  }
}

class Joiner {
 public:
  Joiner(const VectorKernels& vector, size_t operands, const std::vector<Instruction>& instructions, const std::vector<int64_t>& kept)
      : vector_(vector),
        operands_(operands),
        instructions_(instructions),
        uses_(operands + instructions.size(), 0),
        chains_(instructions.size()) {
    for (const Instruction& instruction : instructions) {
      for (int i = 0; i < instruction.arity; i++) uses_[static_cast<size_t>(instruction.args[static_cast<size_t>(i)])]++;
    }
    for (const int64_t index : kept) uses_[static_cast<size_t>(index)] += 2;
  }

  std::vector<Loop> join() {
    std::vector<bool> joined(instructions_.size(), false);
    for (size_t i = 0; i < instructions_.size(); i++) {
      const std::optional<Arithmetic> function = arithmetic(instructions_[i].function);
      if (!function) continue;
      const std::array<int, 3>& args = instructions_[i].args;
      const int taken = length_of(args[1]) > length_of(args[0]) ? 1 : 0;
      if (length_of(args[static_cast<size_t>(taken)]) == 0) {
        chains_[i] = {{*function}, {args[0], args[1]}};
        continue;
      }
      const size_t before = static_cast<size_t>(args[static_cast<size_t>(taken)]) - operands_;
      joined[before] = true;
      chains_[i] = chains_[before];
      chains_[i].links.push_back(taken == 1 && *function == Arithmetic::kSub ? Arithmetic::kSubFrom : *function);
      chains_[i].args.push_back(args[static_cast<size_t>(1 - taken)]);
    }
    std::vector<Loop> loops;
    for (size_t i = 0; i < instructions_.size(); i++) {
      if (!joined[i]) loops.push_back(loop(i));
    }
    return loops;
  }

 private:
  /** Links of the chain that ends in a register and may be prolonged, or 0. */
  size_t length_of(int index) const {
    const auto at = static_cast<size_t>(index);
    if (at < operands_ || uses_[at] != 1) return 0;
    const size_t links = chains_[at - operands_].links.size();
    return links < kChainLinks ? links : 0;
  }

  Loop loop(size_t index) const {
    const Instruction& instruction = instructions_[index];
    const auto& [links, args] = chains_[index];
    Loop loop{instruction, nullptr, {}, 0, operands_ + index};
    if (links.size() > 1) {
      const Arithmetic third = links.size() > 2 ? links[2] : Arithmetic::kNone;
      loop.chain = vector_.chain[static_cast<int>(links[0])][static_cast<int>(links[1])][static_cast<int>(third)];
      std::copy(args.begin(), args.end(), loop.args.begin());
      loop.arity = static_cast<int>(args.size());
    } else {
      std::copy_n(instruction.args.begin(), instruction.arity, loop.args.begin());
      loop.arity = instruction.arity;
    }
    return loop;
  }

  const VectorKernels& vector_;
  size_t operands_;
  const std::vector<Instruction>& instructions_;
  std::vector<int> uses_;
  std::vector<Links> chains_;
};

}  // namespace

void Loop::run(const VectorKernels& vector, float* y, const float* const* registers, int64_t count) const {
  const auto argument = [&](int i) { return i < arity ? registers[args[static_cast<size_t>(i)]] : nullptr; };
  if (chain) {
    chain(y, argument(0), argument(1), argument(2), argument(3), count);
  } else {
    vector.apply[static_cast<int>(instruction.function)](y, argument(0), argument(1), argument(2), instruction.value, count);
  }
}

std::vector<Loop> join_chains(const VectorKernels& vector, size_t operands, const std::vector<Instruction>& instructions,
                              const std::vector<int64_t>& kept) {
  return Joiner(vector, operands, instructions, kept).join();
}

}  // namespace gannet
