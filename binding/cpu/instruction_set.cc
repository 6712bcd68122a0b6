#include "cpu/instruction_set.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "error.h"

namespace gannet {

InstructionSet allowed_instruction_set() {
  const char* variable = std::getenv("GANNET_CPU_ISA");
  const std::string_view asked = variable ? variable : "";
  if (asked.empty() || asked == "avx512") return InstructionSet::kAvx512;
  if (asked == "avx2") return InstructionSet::kAvx2;
  if (asked == "baseline") return InstructionSet::kBaseline;
  throw Error("instruction_set_unknown",
              text("GANNET_CPU_ISA is '", asked, "', but the instruction sets are 'baseline', 'avx2' and 'avx512'.\n",
                   "  Name the one that the CPU device may use at most, or unset the variable: the processor's best is used then."));
}

namespace {

/** The best that the processor has. */
InstructionSet available() {
#if defined(__x86_64__)
  const bool avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) return InstructionSet::kAvx512;
  if (avx2) return InstructionSet::kAvx2;
#endif
  return InstructionSet::kBaseline;
}

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet chosen = std::min(allowed_instruction_set(), available());
  return chosen;
}

}  // namespace gannet
