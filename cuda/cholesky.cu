#include "kernels.h"
#include "launch/launch.h"

// The Cholesky factor of a small matrix. Latents of a given covariance are drawn with it, once per picture of the latent space.
// One block computes it, column after column; within a column each thread takes every 256th row. Dot products are in double precision: the
// matrix is a covariance of few samples, so its pivots are small differences of large numbers.
namespace gannet::kernels {

namespace {

constexpr int kThreads = 256;

}  // namespace

/** A pivot below this fraction of its diagonal element is nothing but rounding: the column depends on earlier ones, and is left zero. */
constexpr double kDependentPivot = 1e-5;

/** The dot product of the first `count` elements of two rows of the factor. */
__device__ inline double dot_rows(const float* a, const float* b, int count) {
  double sum = 0;
  for (int k = 0; k < count; k++) sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
  return sum;
}

__global__ void __launch_bounds__(kThreads) cholesky_kernel(float* l,                     // (n, n)
                                                            const float* __restrict__ a,  // (n, n)
                                                            int n) {
  for (int i = threadIdx.x; i < n * n; i += blockDim.x) l[i] = 0.0f;
  __syncthreads();
  for (int j = 0; j < n; j++) {
    const double diagonal = a[j * n + j], pivot = diagonal - dot_rows(l + j * n, l + j * n, j);
    // Every thread computes the pivot, so that all of them reach the barrier on the same path.
    if (pivot > kDependentPivot * diagonal) {
      const double root = sqrt(pivot);
      for (int i = j + threadIdx.x; i < n; i += blockDim.x) {
        const double value = i == j ? root : (static_cast<double>(a[i * n + j]) - dot_rows(l + i * n, l + j * n, j)) / root;
        l[i * n + j] = writable(static_cast<float>(value));
      }
    }
    __syncthreads();
  }
}

void cholesky(const CholeskyArgs& args, cudaStream_t stream) {
  launch(cholesky_kernel, dim3(1), dim3(kThreads), 0, stream, args.l, args.a, args.n);
}

}  // namespace gannet::kernels
