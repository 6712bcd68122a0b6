#include "kernels.h"
#include "launch/launch.h"

// Which code of the addon a GPU loads: code that was compiled for this GPU, code for an older one that it can run, or PTX, which its driver
// compiles.
namespace gannet::kernels {

/** Asked for its attributes only. */
__global__ void code_kernel() {}

cudaError_t find_code(int& architecture) {
  cudaFuncAttributes attributes;
  const cudaError_t status = cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(code_kernel));
  cudaGetLastError();
  architecture = status == cudaSuccess ? attributes.ptxVersion : 0;
  return status;
}

}  // namespace gannet::kernels
