#include "few_channels.h"

#include <algorithm>
#include <cstring>

#include "cpu/matmul.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

/** Adds the windows of one image, windows [P, Q, R, S, C], to dx [H, W, C]. A row of a window is contiguous in both. */
void add_windows(const WindowGeometry& g, float* dx, const float* windows, const VectorKernels& vector) {
  std::memset(dx, 0, sizeof(float) * static_cast<size_t>(g.h * g.w * g.c));
  for (int64_t p = 0; p < g.p; p++) {
    for (int64_t q = 0; q < g.q; q++, windows += g.r * g.s * g.c) {
      const int64_t top = p * g.stride_h - g.top, left = q * g.stride_w - g.left;
      const int64_t first = std::max<int64_t>(0, -left), last = std::min(g.s, g.w - left);
      if (first >= last) continue;
      for (int64_t r = std::max<int64_t>(0, -top); r < std::min(g.r, g.h - top); r++) {
        float* target = dx + ((top + r) * g.w + left + first) * g.c;
        vector.add_to(target, windows + (r * g.s + first) * g.c, (last - first) * g.c);
      }
    }
  }
}

}  // namespace

std::optional<Kernel> few_channels_input_gradient(const Step& step, Build& build) {
  constexpr int64_t kMostChannels = 4;
  constexpr int64_t kFewestFilters = 16;
  /** Rows of one product: their windows stay in the cache until they have been added. */
  constexpr int64_t kRows = 8192;
  const WindowGeometry g = convolution_geometry(step);
  if (g.c > kMostChannels || g.k < kFewestFilters) return std::nullopt;
  const int64_t window = g.r * g.s * g.c, positions = g.p * g.q, image = g.h * g.w * g.c;
  const int64_t at_once = std::min(g.n, std::max<int64_t>(build.threads, kRows / positions));
  const auto run = [step, g, window, positions, image, at_once, &vector = build.vector](const Run& run) {
    float* windows = reinterpret_cast<float*>(run.workspace);
    float* dx = run.output<float>(step.output);
    const float* dy = run.input<float>(step.inputs[0]);
    const float* w = run.input<float>(step.inputs[1]);
    for (int64_t first = 0; first < g.n; first += at_once) {
      const int64_t images = std::min(at_once, g.n - first);
      const MatrixProduct product{false, false, images * positions, window, g.k, g.k, window};
      product.run(windows, dy + first * positions * g.k, w);
      parallel_for(run.threads, images, images * positions * window, [&](int, Range range) {
        for (int64_t n = range.begin; n < range.end; n++)
          add_windows(g, dx + (first + n) * image, windows + n * positions * window, vector);
      });
    }
  };
  return Kernel{run, sizeof(float) * static_cast<size_t>(at_once * positions * window)};
}

}  // namespace gannet
