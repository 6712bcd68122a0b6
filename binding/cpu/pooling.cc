#include <cstring>

#include "cpu/kernel.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

/** The part of a window that lies inside the image, along one axis. */
Range window(int64_t position, int64_t stride, int64_t before, int64_t size, int64_t length) {
  const int64_t begin = position * stride - before;
  return {std::max<int64_t>(begin, 0), std::min(begin + size, length)};
}

Range window_rows(const WindowGeometry& g, int64_t p) { return window(p, g.stride_h, g.top, g.r, g.h); }
Range window_columns(const WindowGeometry& g, int64_t q) { return window(q, g.stride_w, g.left, g.s, g.w); }

/** Calls body(result row, n, p) for every row of the result; rows are independent. */
template <typename Body>
void for_each_row(const WindowGeometry& g, int threads, Body body) {
  parallel_for(threads, g.n * g.p, g.n * g.p * g.q * g.r * g.s * g.c, [&](int, Range range) {
    for (int64_t row = range.begin; row < range.end; row++) body(row, row / g.p, row % g.p);
  });
}

/** Calls body(n) for every image: windows overlap, so the gradients of one image are added in order. */
template <typename Body>
void for_each_image(const WindowGeometry& g, int threads, Body body) {
  parallel_for(threads, g.n, g.n * g.p * g.q * g.r * g.s * g.c, [&](int, Range range) {
    for (int64_t n = range.begin; n < range.end; n++) body(n);
  });
}

/** The index, within one image, of the first maximum of channel c in a window. */
int64_t first_maximum(const WindowGeometry& g, const float* image, Range rows, Range columns, int64_t c) {
  int64_t best = (rows.begin * g.w + columns.begin) * g.c + c;
  for (int64_t h = rows.begin; h < rows.end; h++) {
    for (int64_t w = columns.begin; w < columns.end; w++) {
      const int64_t at = (h * g.w + w) * g.c + c;
      // NaN is the greatest of all, so that it shows.
      if (image[at] > image[best] || (image[at] != image[at] && image[best] == image[best])) best = at;
    }
  }
  return best;
}

Kernel max_pool(const Step& step, Build& build) {
  const WindowGeometry g = pooling_geometry(step);
  return {[step, g, max_to = build.vector.max_to](const Run& run) {
    const float* x = run.input<float>(step.inputs[0]);
    float* y = run.output<float>(step.output);
    for_each_row(g, run.threads, [&](int64_t row, int64_t n, int64_t p) {
      const Range rows = window_rows(g, p);
      for (int64_t q = 0; q < g.q; q++) {
        const Range columns = window_columns(g, q);
        float* pixel = y + (row * g.q + q) * g.c;
        const float* image = x + n * g.h * g.w * g.c;
        std::memcpy(pixel, image + (rows.begin * g.w + columns.begin) * g.c, static_cast<size_t>(g.c) * sizeof(float));
        for (int64_t h = rows.begin; h < rows.end; h++) {
          for (int64_t w = columns.begin; w < columns.end; w++) max_to(pixel, image + (h * g.w + w) * g.c, g.c);
        }
      }
    });
  }};
}

Kernel max_pool_gradient(const Step& step, Build&) {
  const WindowGeometry g = pooling_geometry(step);
  return {[step, g](const Run& run) {
    const float* x = run.input<float>(step.inputs[0]);
    const float* dy = run.input<float>(step.inputs[1]);
    float* dx = run.output<float>(step.output);
    const int64_t image_size = g.h * g.w * g.c;
    for_each_image(g, run.threads, [&](int64_t n) {
      std::memset(dx + n * image_size, 0, static_cast<size_t>(image_size) * sizeof(float));
      for (int64_t position = 0; position < g.p * g.q; position++) {
        const Range rows = window_rows(g, position / g.q), columns = window_columns(g, position % g.q);
        const float* gradient = dy + (n * g.p * g.q + position) * g.c;
        for (int64_t c = 0; c < g.c; c++) dx[n * image_size + first_maximum(g, x + n * image_size, rows, columns, c)] += gradient[c];
      }
    });
  }};
}

Kernel max_pool_gather(const Step& step, Build&) {
  const WindowGeometry g = pooling_geometry(step);
  return {[step, g](const Run& run) {
    const float* x = run.input<float>(step.inputs[0]);
    const float* values = run.input<float>(step.inputs[1]);
    float* y = run.output<float>(step.output);
    const int64_t image_size = g.h * g.w * g.c;
    for_each_row(g, run.threads, [&](int64_t row, int64_t n, int64_t p) {
      const Range rows = window_rows(g, p);
      for (int64_t q = 0; q < g.q; q++) {
        const Range columns = window_columns(g, q);
        for (int64_t c = 0; c < g.c; c++) {
          y[(row * g.q + q) * g.c + c] = values[n * image_size + first_maximum(g, x + n * image_size, rows, columns, c)];
        }
      }
    });
  }};
}

float share(Range rows, Range columns) { return 1.0f / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin)); }

Kernel average_pool(const Step& step, Build& build) {
  const WindowGeometry g = pooling_geometry(step);
  return {[step, g, add_to = build.vector.add_to](const Run& run) {
    const float* x = run.input<float>(step.inputs[0]);
    float* y = run.output<float>(step.output);
    for_each_row(g, run.threads, [&](int64_t row, int64_t n, int64_t p) {
      const Range rows = window_rows(g, p);
      for (int64_t q = 0; q < g.q; q++) {
        const Range columns = window_columns(g, q);
        float* pixel = y + (row * g.q + q) * g.c;
        std::memset(pixel, 0, static_cast<size_t>(g.c) * sizeof(float));
        for (int64_t h = rows.begin; h < rows.end; h++) {
          for (int64_t w = columns.begin; w < columns.end; w++) add_to(pixel, x + ((n * g.h + h) * g.w + w) * g.c, g.c);
        }
        for (int64_t c = 0; c < g.c; c++) pixel[c] *= share(rows, columns);
      }
    });
  }};
}

Kernel average_pool_gradient(const Step& step, Build&) {
  const WindowGeometry g = pooling_geometry(step);
  return {[step, g](const Run& run) {
    const float* dy = run.input<float>(step.inputs[0]);
    float* dx = run.output<float>(step.output);
    const int64_t image_size = g.h * g.w * g.c;
    for_each_image(g, run.threads, [&](int64_t n) {
      std::memset(dx + n * image_size, 0, static_cast<size_t>(image_size) * sizeof(float));
      for (int64_t position = 0; position < g.p * g.q; position++) {
        const Range rows = window_rows(g, position / g.q), columns = window_columns(g, position % g.q);
        const float* gradient = dy + (n * g.p * g.q + position) * g.c;
        const float part = share(rows, columns);
        for (int64_t h = rows.begin; h < rows.end; h++) {
          for (int64_t w = columns.begin; w < columns.end; w++) {
            float* pixel = dx + n * image_size + (h * g.w + w) * g.c;
            for (int64_t c = 0; c < g.c; c++) pixel[c] += part * gradient[c];
          }
        }
      }
    });
  }};
}

}  // namespace

void add_pooling_kernels(KernelTable& table) {
  table[Op::kMaxPool] = max_pool;
  table[Op::kMaxPoolGradient] = max_pool_gradient;
  table[Op::kMaxPoolGather] = max_pool_gather;
  table[Op::kAveragePool] = average_pool;
  table[Op::kAveragePoolGradient] = average_pool_gradient;
}

}  // namespace gannet
