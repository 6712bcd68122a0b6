#pragma once

// What the parts of the runtime share.

#include <cstddef>
#include <mutex>

#include "runtime_api.h"

/** A captured stream was not waited for at the end. */
constexpr auto cudaErrorStreamCaptureUnjoined = static_cast<cudaError_t>(904);

namespace gannet::simt {

/** Notes an error as the thread's last, and gives it back. */
cudaError_t report(cudaError_t error);

/** Taken by every call that changes what others see. */
std::recursive_mutex& runtime_mutex();

/** Refuses what CUDA refuses while this thread captures a stream, which spoils the capture; cudaSuccess while it captures none. */
cudaError_t refuse_during_capture();

/** Dynamic shared memory that a block of the kernel may have. */
size_t granted_shared_bytes(const void* kernel);

}  // namespace gannet::simt
