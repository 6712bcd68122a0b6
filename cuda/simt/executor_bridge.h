#pragma once

// Hands allocations and launches to the executor that GANNET_SIMT_EXECUTOR names; see executor.h.

#include <cstddef>
#include <string>

#include "launch.h"

namespace gannet::simt {

/** True if GANNET_SIMT_EXECUTOR names an executor; it is loaded at the first question and stays for the process.
 *  @throws std::runtime_error if it cannot be loaded */
bool executor_present();

void tell_allocated(void* pointer, size_t bytes);
void tell_freed(void* pointer);

/** True if the executor has run the launch; false if the simulator shall. @throws kernels::LaunchError */
bool run_on_executor(const Launch& launch, const std::string& symbol, const std::string& kernel_name);

}  // namespace gannet::simt
