#include "kernels.h"
#include "launch/launch.h"

// Which of the addon's code a GPU loads: that compiled for itself, an older relative of it, or PTX that its driver compiles.
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
