#include "kernels.h"
#include "launch/launch.h"

// The Cholesky factor of a small matrix: latents of a given covariance are drawn with it, once per picture of the latent space.
// One block. Columns follow one another; within a column a thread takes every 256th row. Dot products are double: the matrix is a
// covariance of few samples, and what is left of its pivots is small against its diagonal.
namespace gannet::kernels {

namespace {

constexpr int kThreads = 256;

}  // namespace

/** A pivot below this part of its diagonal element is rounding: the column depends on those before it, and is left zero. */
constexpr double kDependentPivot = 1e-5;

/** The first `count` elements of two rows of the factor, multiplied and added. */
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
    // Every thread works the pivot out, so all take the same way to the barrier.
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
