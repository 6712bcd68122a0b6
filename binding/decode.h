#pragma once

#include "program.h"
#include "values.h"

namespace gannet {

/** Reads a plain-object Program (src/graph/program.ts) and checks all of it: every slot lies in its storage, every op has its
 *  attributes, and shapes and types fit. @throws Error with a code that tells what is wrong, blamed on the op. */
Program decode_program(Napi::Value value);

}  // namespace gannet
