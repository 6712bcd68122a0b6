#include <cstdlib>
#include <string_view>

#include "cpu/vector/kernels.h"

namespace gannet {

namespace baseline {
extern const VectorKernels kKernels;
}

#if defined(__x86_64__)

namespace avx2 {
extern const VectorKernels kKernels;
}
namespace avx512 {
extern const VectorKernels kKernels;
}

namespace {

bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

const VectorKernels& best() {
  const char* variable = std::getenv("GANNET_CPU_ISA");
  const std::string_view asked = variable ? variable : "avx512";
  if (asked == "avx512" && has_avx512()) return avx512::kKernels;
  if (asked != "baseline" && has_avx2()) return avx2::kKernels;
  return baseline::kKernels;
}

}  // namespace

const VectorKernels& vector_kernels() {
  static const VectorKernels& kernels = best();
  return kernels;
}

#else

const VectorKernels& vector_kernels() { return baseline::kKernels; }

#endif

}  // namespace gannet
