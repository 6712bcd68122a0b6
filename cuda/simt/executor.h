#ifndef GANNET_SIMT_EXECUTOR_H
#define GANNET_SIMT_EXECUTOR_H

/* An engine that takes the place of the simulator's fibers, for instance one that executes the PTX nvcc compiled from the same
 * kernels. GANNET_SIMT_EXECUTOR names a shared library that exports gannet_executor_v1. Device memory is host memory: pointers
 * among the arguments can be followed as they are. The kernels keep nothing in __constant__ or __device__ variables. */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What launch() may return instead of 0: the simulator runs its own compilation of the kernel for this launch. */
#define GANNET_EXECUTOR_RUN_TWIN 0x7477696e

typedef struct gannet_executor {
  void (*allocated)(void* pointer, size_t bytes);
  void (*freed)(void* pointer);
  /* 0 = done. Any other value but GANNET_EXECUTOR_RUN_TWIN fails the launch with the text in `error`. */
  int (*launch)(const char* symbol /* the kernel's mangled name, as nvcc emits it */, const unsigned grid[3], const unsigned block[3],
                size_t shared_bytes, const void* arguments /* packed as CUDA packs kernel parameters */, size_t argument_bytes, char* error,
                size_t error_bytes);
} gannet_executor;

const gannet_executor* gannet_executor_v1(void);

#ifdef __cplusplus
}
#endif

#endif
