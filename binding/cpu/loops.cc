#include "cpu/loops.h"

#include <algorithm>
#include <optional>

namespace gannet {

namespace {

/** The most links of a chain, some more than any gradient has. */
constexpr size_t kMostLinks = 8;

std::optional<LinkKind> link_kind(Function function) {
  switch (function) {
    case Function::kAdd: return LinkKind::kAdd;
    case Function::kSub: return LinkKind::kSub;
    case Function::kMul: return LinkKind::kMul;
    case Function::kRelu: return LinkKind::kRelu;
    case Function::kLeakyRelu: return LinkKind::kLeakyRelu;
    default: return std::nullopt;
  }
}

class Joiner {
 public:
  Joiner(size_t operands, const std::vector<Instruction>& instructions, const std::vector<int64_t>& kept)
      : operands_(operands), instructions_(instructions), uses_(operands + instructions.size(), 0), chains_(instructions.size()) {
    for (const Instruction& instruction : instructions) {
      for (int i = 0; i < instruction.arity; i++) uses_[static_cast<size_t>(instruction.args[static_cast<size_t>(i)])]++;
    }
    for (const int64_t index : kept) uses_[static_cast<size_t>(index)] += 2;
  }

  std::vector<Loop> join() {
    std::vector<bool> joined(instructions_.size(), false);
    for (size_t i = 0; i < instructions_.size(); i++) {
      const Instruction& instruction = instructions_[i];
      const std::optional<LinkKind> kind = link_kind(instruction.function);
      if (!kind) continue;
      const int taken = instruction.arity == 2 && length_of(instruction.args[1]) > length_of(instruction.args[0]) ? 1 : 0;
      const int before = instruction.args[static_cast<size_t>(taken)];
      if (length_of(before) > 0) {
        joined[static_cast<size_t>(before) - operands_] = true;
        chains_[i] = chains_[static_cast<size_t>(before) - operands_];
      } else {
        chains_[i].args = {before};
      }
      append(chains_[i], instruction, *kind, taken);
    }
    std::vector<Loop> loops;
    for (size_t i = 0; i < instructions_.size(); i++) {
      if (!joined[i]) loops.push_back(loop(i));
    }
    return loops;
  }

 private:
  struct Chain {
    std::vector<Loop::ChainLink> links;
    /** Where it begins, and the arguments of its links. */
    std::vector<int> args;
  };

  /** Links of the chain that ends in a register and may be prolonged, or 0. */
  size_t length_of(int index) const {
    const auto at = static_cast<size_t>(index);
    if (at < operands_ || uses_[at] != 1) return 0;
    const size_t links = chains_[at - operands_].links.size();
    return links < kMostLinks ? links : 0;
  }

  /** Adds an instruction whose argument `taken` is what the chain came to. */
  static void append(Chain& chain, const Instruction& instruction, LinkKind kind, int taken) {
    if (instruction.arity == 1) {
      chain.links.push_back({kind, Loop::kOwnValue, instruction.value});
      return;
    }
    const int other = instruction.args[static_cast<size_t>(1 - taken)];
    chain.links.push_back({taken == 1 && kind == LinkKind::kSub ? LinkKind::kSubFrom : kind, other, 0});
    chain.args.push_back(other);
  }

  /** The loop of an instruction, or of the chain that it ends. */
  Loop loop(size_t index) const {
    const Instruction& instruction = instructions_[index];
    const auto& [links, args] = chains_[index];
    if (links.size() > 1) return {instruction, links, args, operands_ + index};
    return {instruction, {}, {instruction.args.begin(), instruction.args.begin() + instruction.arity}, operands_ + index};
  }

  size_t operands_;
  const std::vector<Instruction>& instructions_;
  std::vector<int> uses_;
  std::vector<Chain> chains_;
};

}  // namespace

void Loop::run(const VectorKernels& vector, float* y, const Register* registers, int64_t count) const {
  if (links.empty()) {
    const auto argument = [&](size_t i) { return i < args.size() ? registers[args[i]].numbers : nullptr; };
    vector.apply[static_cast<int>(instruction.function)](y, argument(0), argument(1), argument(2), instruction.value, count);
    return;
  }
  Link of_block[kMostLinks];
  for (size_t i = 0; i < links.size(); i++) {
    const ChainLink& link = links[i];
    const Register argument = link.argument == kOwnValue ? Register{&link.value, true} : registers[link.argument];
    of_block[i] = {link.kind, argument.single, argument.numbers};
  }
  vector.chain(y, registers[args.front()].numbers, of_block, links.size(), count);
}

std::vector<Loop> join_chains(size_t operands, const std::vector<Instruction>& instructions, const std::vector<int64_t>& kept) {
  return Joiner(operands, instructions, kept).join();
}

}  // namespace gannet
