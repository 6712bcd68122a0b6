#pragma once

#include <cstddef>

#include "kernels.h"

// The part of NCCL's binary interface that gannet uses, which NCCL 2 has kept since its first version. NCCL is loaded when a program runs,
// so that the addon needs none to be built or loaded. Names and numbers are NCCL's own, as its manual and header publish them:
// https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api/types.html, https://github.com/NVIDIA/nccl/blob/master/src/nccl.h.in

enum ncclResult_t {
  ncclSuccess = 0,
  ncclUnhandledCudaError = 1,
  ncclSystemError = 2,
  ncclInternalError = 3,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7,
};

enum ncclDataType_t {
  ncclInt32 = 2,
  ncclFloat32 = 7,
};

enum ncclRedOp_t {
  ncclSum = 0,
};

constexpr size_t NCCL_UNIQUE_ID_BYTES = 128;

/** Tells the ranks of a communicator how to find one another. Passed by value. */
struct ncclUniqueId {
  char internal[NCCL_UNIQUE_ID_BYTES];
};

using ncclComm_t = struct ncclComm*;

extern "C" {
ncclResult_t ncclGetVersion(int* version);
ncclResult_t ncclGetUniqueId(ncclUniqueId* id);
/** Waits for all ranks. */
ncclResult_t ncclCommInitRank(ncclComm_t* communicator, int ranks, ncclUniqueId id, int rank);
/** Puts a sum on the stream. Every rank must ask for the same ones in the same order. */
ncclResult_t ncclAllReduce(const void* sent, void* received, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t communicator,
                           cudaStream_t stream);
/** Whether something on its streams has failed since. */
ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t* error);
/** Waits until the graphs that have recorded its sums are destroyed. */
ncclResult_t ncclCommDestroy(ncclComm_t communicator);
const char* ncclGetErrorString(ncclResult_t result);
}
