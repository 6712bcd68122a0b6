#pragma once

#include "kernels.h"

namespace gannet::GANNET_ISA {

/** For windows of 2x2 and of 3x3 taps. */
extern const WinogradTransforms kWinograd2x2, kWinograd3x3;

}  // namespace gannet::GANNET_ISA
