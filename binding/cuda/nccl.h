#pragma once

#include "cuda/nccl_abi.h"

namespace gannet::cuda {

/** NCCL's functions, from the library that the process has loaded. */
struct Nccl {
  decltype(&ncclGetVersion) get_version;
  decltype(&ncclGetUniqueId) get_unique_id;
  decltype(&ncclCommInitRank) comm_init_rank;
  decltype(&ncclAllReduce) all_reduce;
  decltype(&ncclCommGetAsyncError) comm_get_async_error;
  decltype(&ncclCommDestroy) comm_destroy;
  decltype(&ncclGetErrorString) get_error_string;
};

/** NCCL, loaded with the first call: the library that GANNET_NCCL names, else the system's libnccl.so.2, or for the simulator its own.
 *  @throws Error `nccl_unavailable` with the remedy, where there is none or it is too old */
const Nccl& nccl();

/** @throws Error `nccl_failed` unless `result` says that `call` succeeded */
void check_nccl(ncclResult_t result, const char* call);

}  // namespace gannet::cuda
