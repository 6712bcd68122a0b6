#pragma once

#include "device.h"

namespace gannet {

/** Tells oneDNN which instruction set the environment allows, before its first use. @throws Error `instruction_set_unknown` */
void prepare_cpu();

/** The device `cpu`: the processor, with oneDNN. */
DeviceKind cpu_kind();

}  // namespace gannet
