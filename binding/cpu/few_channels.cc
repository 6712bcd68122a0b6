#include "few_channels.h"

#include <algorithm>
#include <cstring>

#include "cpu/deep_product.h"
#include "cpu/matmul.h"
#include "cpu/memory.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

constexpr int64_t kMostChannels = 4, kFewestOthers = 16;
/** Rows of one product: what it gives stays in the cache until it has been summed. */
constexpr int64_t kRows = 8192;

/** Images whose products are made at once. */
int64_t images_at_once(const WindowGeometry& g, int64_t pixels, int threads) {
  return std::min(g.n, std::max<int64_t>(threads, kRows / pixels));
}

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
  const WindowGeometry g = convolution_geometry(step);
  if (g.c > kMostChannels || g.k < kFewestOthers) return std::nullopt;
  const int64_t window = g.r * g.s * g.c, positions = g.p * g.q, image = g.h * g.w * g.c;
  const int64_t at_once = images_at_once(g, positions, build.threads);
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

namespace {

/** Calls visit(pixel of the image, pixel of the result, tap) for every pair that a window of stride 1 joins, of some rows of one image. */
template <typename Visit>
void for_each_joined(const WindowGeometry& g, Range rows, Visit visit) {
  for (int64_t p = std::max<int64_t>(0, rows.begin + g.top - g.r + 1); p < std::min(g.p, rows.end + g.top); p++) {
    for (int64_t q = 0; q < g.q; q++) {
      const int64_t top = p - g.top, left = q - g.left;
      for (int64_t r = std::max<int64_t>(0, rows.begin - top); r < std::min(g.r, rows.end - top); r++) {
        for (int64_t s = std::max<int64_t>(0, -left); s < std::min(g.s, g.w - left); s++) {
          visit((top + r) * g.w + left + s, p * g.q + q, r * g.s + s);
        }
      }
    }
  }
}

/** y [P, Q, K] of one image from its products [H W, K, taps]. */
void sum_windows(const WindowGeometry& g, float* y, const float* products) {
  const int64_t taps = g.r * g.s;
  std::memset(y, 0, sizeof(float) * static_cast<size_t>(g.p * g.q * g.k));
  for_each_joined(g, {0, g.h}, [&](int64_t image, int64_t result, int64_t tap) {
    for (int64_t k = 0; k < g.k; k++) y[result * g.k + k] += products[(image * g.k + k) * taps + tap];
  });
}

/** met [W, K, taps]: the gradients dy [P, Q, K] of one image that the pixels of one of its rows meet, 0 where they meet none. */
void gather_met(const WindowGeometry& g, float* met, const float* dy, int64_t row) {
  const int64_t taps = g.r * g.s;
  std::memset(met, 0, sizeof(float) * static_cast<size_t>(g.w * g.k * taps));
  for_each_joined(g, {row, row + 1}, [&](int64_t image, int64_t result, int64_t tap) {
    for (int64_t k = 0; k < g.k; k++) met[((image - row * g.w) * g.k + k) * taps + tap] = dy[result * g.k + k];
  });
}

/** Every pixel of the image is multiplied, so most must be read. */
bool has_few_filters(const WindowGeometry& g) {
  return g.k <= kMostChannels && g.c >= kFewestOthers && g.stride_h == 1 && g.stride_w == 1 && g.r * g.s > 1;
}

}  // namespace

std::optional<Kernel> few_filters_forward(const Step& step, Build& build) {
  const WindowGeometry g = convolution_geometry(step);
  if (!has_few_filters(g)) return std::nullopt;
  const int64_t pixels = g.h * g.w, columns = g.k * g.r * g.s, at_once = images_at_once(g, pixels, build.threads);
  const auto run = [step, g, pixels, columns, at_once](const Run& run) {
    float* products = reinterpret_cast<float*>(run.workspace);
    float* y = run.output<float>(step.output);
    const float* x = run.input<float>(step.inputs[0]);
    for (int64_t first = 0; first < g.n; first += at_once) {
      const int64_t images = std::min(at_once, g.n - first);
      const MatrixProduct product{
          .transpose_a = false, .transpose_b = true, .m = images * pixels, .n = columns, .k = g.c, .lda = g.c, .ldb = g.c};
      product.run(products, x + first * pixels * g.c, run.input<float>(step.inputs[1]));
      parallel_for(run.threads, images, images * pixels * columns, [&](int, Range range) {
        for (int64_t n = range.begin; n < range.end; n++)
          sum_windows(g, y + (first + n) * g.p * g.q * g.k, products + n * pixels * columns);
      });
    }
  };
  return Kernel{run, sizeof(float) * static_cast<size_t>(at_once * pixels * columns)};
}

std::optional<Kernel> few_filters_filter_gradient(const Step& step, Build& build) {
  const WindowGeometry g = convolution_geometry(step);
  const int64_t pixels = g.h * g.w, columns = g.k * g.r * g.s;
  const auto product_of = [g, pixels, columns](int64_t images) {
    return MatrixProduct{
        .transpose_a = true, .transpose_b = false, .m = columns, .n = g.c, .k = images * pixels, .lda = columns, .ldb = g.c};
  };
  if (!has_few_filters(g) || !is_deep(product_of(g.n))) return std::nullopt;
  // By the shape alone, so that the order of the sums does not depend on the number of threads.
  const int64_t at_once = images_at_once(g, pixels, 1), last = (g.n - 1) % at_once + 1;
  const auto bytes_of = [&](int64_t images) { return DeepProduct(product_of(images)).workspace_bytes(build.threads); };
  const size_t deep_bytes = round_to_lines(std::max(bytes_of(at_once), bytes_of(last)));
  const int64_t results = columns * g.c;
  const auto run = [step, g, pixels, columns, product_of, at_once, deep_bytes, results, &vector = build.vector](const Run& run) {
    float* met = reinterpret_cast<float*>(run.workspace + deep_bytes);
    float* sums = met + at_once * pixels * columns;
    float* dw = run.output<float>(step.output);
    const float* x = run.input<float>(step.inputs[0]);
    const float* dy = run.input<float>(step.inputs[1]);
    for (int64_t first = 0; first < g.n; first += at_once) {
      const int64_t images = std::min(at_once, g.n - first);
      parallel_for(run.threads, images * g.h, images * pixels * columns, [&](int, Range rows) {
        for (int64_t row = rows.begin; row < rows.end; row++)
          gather_met(g, met + row * g.w * columns, dy + (first + row / g.h) * g.p * g.q * g.k, row % g.h);
      });
      DeepProduct(product_of(images)).run(run, first == 0 ? dw : sums, met, x + first * pixels * g.c);
      if (first > 0) vector.add_to(dw, sums, results);
    }
  };
  return Kernel{run, deep_bytes + sizeof(float) * static_cast<size_t>(at_once * pixels * columns + results)};
}

}  // namespace gannet
