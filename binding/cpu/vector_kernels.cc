#include "cpu/instruction_set.h"
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
#endif

const VectorKernels& vector_kernels() {
  switch (instruction_set()) {
#if defined(__x86_64__)
    case InstructionSet::kAvx512: return avx512::kKernels;
    case InstructionSet::kAvx2: return avx2::kKernels;
#endif
    default: return baseline::kKernels;
  }
}

}  // namespace gannet
