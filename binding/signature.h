#pragma once

#include "program.h"

namespace gannet {

/** Checks the number, types and shapes of a step's inputs and output against the signature of its op.
 *  @throws Error `program_invalid`, `dtype_mismatch`, `shape_mismatch` */
void check_signature(const Step& step);

}  // namespace gannet
