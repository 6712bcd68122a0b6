#pragma once

#include <vector>

#include "cpu/vector/kernels.h"
#include "program.h"

namespace gannet {

/** The numbers of a register in a block; `single` says that they are all the same. */
struct Register {
  const float* numbers;
  bool single;
};

/** One vector loop of an expression: a single instruction, or a chain that an instruction ends. */
struct Loop {
  /** Stands for a register where the argument of a link is its own `value`. */
  static constexpr int kOwnValue = -1;
  /** A link, and the register of its argument. */
  struct ChainLink {
    LinkKind kind;
    int argument;
    float value;
  };

  Instruction instruction;
  /** None for a single instruction. A chain begins with the first of `args`. */
  std::vector<ChainLink> links;
  /** The registers it reads. */
  std::vector<int> args;
  /** The register of its result. */
  size_t result = 0;

  void run(const VectorKernels& vector, float* y, const Register* registers, int64_t count) const;
};

/** The loops of an expression of so many operands, in order. A result that only one sum, difference, product or rectifier reads becomes part
 *  of that one's chain, which saves writing and reading it; the registers `kept` are left alone. */
std::vector<Loop> join_chains(size_t operands, const std::vector<Instruction>& instructions, const std::vector<int64_t>& kept);

}  // namespace gannet
