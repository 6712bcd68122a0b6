#pragma once

namespace gannet {

/** What gannet's own loops are compiled for, from the least on. */
enum class InstructionSet { kBaseline, kAvx2, kAvx512 };

/** The most that the environment variable GANNET_CPU_ISA allows. @throws Error `instruction_set_unknown` */
InstructionSet allowed_instruction_set();

/** The best that is allowed and that this processor has. It stays the same for the life of the process. */
InstructionSet instruction_set();

}  // namespace gannet
