#pragma once

#include <array>
#include <vector>

#include "cpu/vector/kernels.h"
#include "program.h"

namespace gannet {

/** One vector loop of an expression: an instruction, or a chain of sums, differences and products that it ends. */
struct Loop {
  Instruction instruction;
  /** Null for a single instruction. */
  VectorKernels::Chain chain = nullptr;
  /** The registers it reads: the instruction's own, or the chain's. */
  std::array<int, kChainArguments> args = {};
  int arity = 0;
  /** The register of its result. */
  size_t result = 0;

  void run(const VectorKernels& vector, float* y, const float* const* registers, int64_t count) const;
};

/** The loops of an expression of so many operands, in order. A result that only one sum, difference or product reads becomes part of that
 *  one's chain, which saves writing and reading it; the registers `kept` are left alone. */
std::vector<Loop> join_chains(const VectorKernels& vector, size_t operands, const std::vector<Instruction>& instructions,
                              const std::vector<int64_t>& kept);

}  // namespace gannet
