#include "tap_convolution.h"

#include <cstring>
#include <memory>

#include "cpu/memory.h"
#include "cpu/panels.h"
#include "cpu/parallel.h"
#include "cpu/taps.h"

namespace gannet {

namespace {

/** Columns of a product that are worked on together; with kRows and kDepth this sizes blocks for a second-level cache of 1 MiB. */
constexpr int64_t kColumns = 128;
/** Rows of a product, images times pixels, whose sums are kept at once. */
constexpr int64_t kRows = 512;
/** Products that are summed before the sums go back to memory. */
constexpr int64_t kDepth = 256;

/** Whether tiles of `width` are mostly full. */
bool fills_tiles(int64_t size, int64_t width) { return 4 * size >= 3 * strips_of(size, width) * width; }

/** Asks for memory that is needed soon: strips are too short for the processor to foresee. */
void prefetch(const float* data, int64_t floats) {
  constexpr int64_t kLineFloats = 16;
  for (int64_t i = 0; i < floats; i += kLineFloats) __builtin_prefetch(data + i);
}

/** The direction in which a layer is computed: `depth` channels of one image are turned into `columns` channels of another. */
struct Direction {
  int64_t images, read_pixels, depth, written_pixels, columns, taps;
};

/** y[pixel] = sum over taps of x[pixel read by the tap] w[tap]: the convolution, and its input gradient. */
class TapProducts {
 public:
  TapProducts(const Direction& direction, std::vector<PixelGroup> groups, const VectorKernels& vector)
      : direction_(direction),
        groups_(std::move(groups)),
        vector_(vector),
        row_strips_(strips_of(direction.images, vector.tile_rows)),
        column_strips_(strips_of(direction.columns, vector.tile_columns)),
        block_strips_(kColumns / vector.tile_columns),
        tile_(vector.tile_rows * vector.tile_columns) {}

  static int64_t group_size(int64_t images) { return std::max<int64_t>(1, kRows / images); }

  size_t sums_bytes(int threads) const { return sizeof(float) * static_cast<size_t>(threads * sums_floats()); }
  size_t workspace_bytes(int threads) const { return sums_bytes(threads) + sizeof(float) * static_cast<size_t>(direction_.read_pixels * panel()); }
  /** Floats of the packed filter [tap][strip of columns][depth][column]. */
  int64_t filter_floats() const { return direction_.taps * column_strips_ * direction_.depth * vector_.tile_columns; }

  /** x [images, read pixels, depth], y [images, written pixels, columns]. */
  void run(const Run& run, float* y, const float* x, const float* filter) const {
    float* sums = reinterpret_cast<float*>(run.workspace);
    float* panels = reinterpret_cast<float*>(run.workspace + sums_bytes(run.threads));
    const Direction& d = direction_;
    parallel_for(run.threads, d.read_pixels, d.read_pixels * panel(), [&](int, Range range) {
      for (int64_t pixel = range.begin; pixel < range.end; pixel++) {
        pack_rows(panels + pixel * panel(), x + pixel * d.depth, d.images, d.read_pixels * d.depth, d.depth, vector_.tile_rows);
      }
    });
    const auto groups = static_cast<int64_t>(groups_.size());
    const int64_t blocks = strips_of(column_strips_, block_strips_);
    parallel_items(run.threads, blocks * groups, [&](int thread, int64_t item) {
      compute_block(groups_[static_cast<size_t>(item % groups)], item / groups * block_strips_, y, panels, filter, sums + thread * sums_floats());
    });
  }

 private:
  /** Floats of one pixel of all images, packed. */
  int64_t panel() const { return row_strips_ * vector_.tile_rows * direction_.depth; }
  int64_t sums_floats() const { return group_size(direction_.images) * row_strips_ * block_strips_ * tile_; }

  void compute_block(const PixelGroup& group, int64_t first_strip, float* y, const float* panels, const float* filter, float* sums) const {
    std::memset(sums, 0, sizeof(float) * group.pixels.size() * static_cast<size_t>(row_strips_ * block_strips_ * tile_));
    const int64_t last_strip = std::min(first_strip + block_strips_, column_strips_);
    for (size_t tap = 0; tap < group.taps.size(); tap++) {
      for (int64_t depth = 0; depth < direction_.depth; depth += kDepth) {
        for (int64_t strip = first_strip; strip < last_strip; strip++) {
          const float* columns = filter + ((static_cast<int64_t>(tap) * column_strips_ + strip) * direction_.depth + depth) * vector_.tile_columns;
          add_products(group.taps[tap], depth, columns, panels, sums + (strip - first_strip) * tile_);
        }
      }
    }
    store_block(group, first_strip, last_strip, y, sums);
  }

  void add_products(const std::vector<Join>& joins, int64_t depth, const float* columns, const float* panels, float* sums) const {
    const int64_t count = std::min(kDepth, direction_.depth - depth);
    for (const Join& join : joins) {
      for (int64_t strip = 0; strip < row_strips_; strip++) {
        const float* rows = panels + join.read * panel() + (strip * direction_.depth + depth) * vector_.tile_rows;
        vector_.multiply_add(sums + (join.written * row_strips_ + strip) * block_strips_ * tile_, &rows, &columns, 1, count);
      }
    }
  }

  void store_block(const PixelGroup& group, int64_t first_strip, int64_t last_strip, float* y, const float* sums) const {
    const int64_t width = vector_.tile_columns;
    for (size_t i = 0; i < group.pixels.size(); i++) {
      for (int64_t image = 0; image < direction_.images; image++) {
        const int64_t row_strip = static_cast<int64_t>(i) * row_strips_ + image / vector_.tile_rows;
        const float* row = sums + row_strip * block_strips_ * tile_ + image % vector_.tile_rows * width;
        float* pixel = y + (image * direction_.written_pixels + group.pixels[i]) * direction_.columns;
        for (int64_t strip = first_strip; strip < last_strip; strip++, row += tile_) {
          const int64_t count = std::min(width, direction_.columns - strip * width);
          std::memcpy(pixel + strip * width, row, sizeof(float) * static_cast<size_t>(count));
        }
      }
    }
  }

  Direction direction_;
  std::vector<PixelGroup> groups_;
  const VectorKernels& vector_;
  int64_t row_strips_, column_strips_, block_strips_, tile_;
};

/** Packs w [K, taps, C] for the convolution: strips of k, depth c. */
void pack_forward_filter(const Run& run, float* target, const float* w, const WindowGeometry& g, int64_t width) {
  const int64_t taps = g.r * g.s, strips = strips_of(g.k, width);
  parallel_for(run.threads, taps * strips, taps * g.k * g.c, [&](int, Range range) {
    for (int64_t item = range.begin; item < range.end; item++) {
      const int64_t tap = item / strips, k = item % strips * width;
      pack_rows(target + item * g.c * width, w + (k * taps + tap) * g.c, std::min(width, g.k - k), taps * g.c, g.c, width);
    }
  });
}

/** Packs w [K, taps, C] for the input gradient: strips of c, depth k. */
void pack_backward_filter(const Run& run, float* target, const float* w, const WindowGeometry& g, int64_t width) {
  const int64_t taps = g.r * g.s, strips = strips_of(g.c, width);
  parallel_for(run.threads, taps * strips, taps * g.k * g.c, [&](int, Range range) {
    for (int64_t item = range.begin; item < range.end; item++) {
      const int64_t tap = item / strips, c = item % strips * width;
      pack_columns(target + item * g.k * width, w + tap * g.c + c, std::min(width, g.c - c), taps * g.c, g.k, width);
    }
  });
}

using PackFilter = void (*)(const Run&, float*, const float*, const WindowGeometry&, int64_t);

Kernel products_kernel(const Step& step, Build& build, const std::shared_ptr<TapProducts>& products, const WindowGeometry& g, PackFilter pack,
                       const char* layout) {
  const Slot& filter = step.inputs[1];
  const auto packed = build.packed.want(filter, layout, sizeof(float) * static_cast<size_t>(products->filter_floats()),
                                        [filter, g, pack, width = build.vector.tile_columns](const Run& run, char* target) {
                                          pack(run, reinterpret_cast<float*>(target), run.input<float>(filter), g, width);
                                        });
  return {[step, products, packed](const Run& run) {
            products->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]),
                          reinterpret_cast<const float*>(run.packed + packed->offset));
          },
          products->workspace_bytes(build.threads)};
}

Kernel forward(const Step& step, Build& build, const WindowGeometry& g) {
  const Direction direction{g.n, g.h * g.w, g.c, g.p * g.q, g.k, g.r * g.s};
  const auto products = std::make_shared<TapProducts>(direction, group_result_pixels(g, TapProducts::group_size(g.n)), build.vector);
  return products_kernel(step, build, products, g, pack_forward_filter, "taps forward");
}

Kernel input_gradient(const Step& step, Build& build, const WindowGeometry& g) {
  const Direction direction{g.n, g.p * g.q, g.k, g.h * g.w, g.c, g.r * g.s};
  const auto products = std::make_shared<TapProducts>(direction, group_image_pixels(g, TapProducts::group_size(g.n)), build.vector);
  return products_kernel(step, build, products, g, pack_backward_filter, "taps backward");
}

/** dw[k, tap, c] = sum over the pixels that the tap joins, and over images, of dy[.., k] x[.., c]. */
class TapFilterGradient {
 public:
  TapFilterGradient(const WindowGeometry& g, const VectorKernels& vector)
      : g_(g),
        pairs_(pairs_of_taps(g)),
        vector_(vector),
        k_strips_(strips_of(g.k, vector.tile_rows)),
        c_strips_(strips_of(g.c, vector.tile_columns)),
        k_block_(kRows / vector.tile_rows),
        c_block_(kColumns / vector.tile_columns),
        tile_(vector.tile_rows * vector.tile_columns) {}

  size_t workspace_bytes(int threads) const {
    return sizeof(float) * static_cast<size_t>(threads * sums_floats() + g_.h * g_.w * image_panel() + g_.p * g_.q * result_panel());
  }

  void run(const Run& run, float* dw, const float* x, const float* dy) const {
    float* sums = reinterpret_cast<float*>(run.workspace);
    float* images = sums + run.threads * sums_floats();
    float* results = images + g_.h * g_.w * image_panel();
    pack(run, images, x, g_.h * g_.w, g_.c, image_panel(), vector_.tile_columns);
    pack(run, results, dy, g_.p * g_.q, g_.k, result_panel(), vector_.tile_rows);
    const int64_t k_blocks = strips_of(k_strips_, k_block_), c_blocks = strips_of(c_strips_, c_block_);
    parallel_items(run.threads, g_.r * g_.s * k_blocks * c_blocks, [&](int thread, int64_t item) {
      const int64_t tap = item / (k_blocks * c_blocks), k = item / c_blocks % k_blocks, c = item % c_blocks;
      compute_block(tap, k * k_block_, c * c_block_, dw, images, results, sums + thread * sums_floats());
    });
  }

 private:
  int64_t image_panel() const { return c_strips_ * g_.n * vector_.tile_columns; }
  int64_t result_panel() const { return k_strips_ * g_.n * vector_.tile_rows; }
  int64_t sums_floats() const { return k_block_ * c_block_ * tile_; }

  void pack(const Run& run, float* panels, const float* x, int64_t pixels, int64_t channels, int64_t panel, int64_t width) const {
    parallel_for(run.threads, pixels, pixels * panel, [&](int, Range range) {
      for (int64_t pixel = range.begin; pixel < range.end; pixel++) {
        pack_columns(panels + pixel * panel, x + pixel * channels, channels, pixels * channels, g_.n, width);
      }
    });
  }

  void compute_block(int64_t tap, int64_t first_k, int64_t first_c, float* dw, const float* images, const float* results, float* sums) const {
    const int64_t k_count = std::min(k_block_, k_strips_ - first_k), c_count = std::min(c_block_, c_strips_ - first_c);
    std::memset(sums, 0, sizeof(float) * static_cast<size_t>(k_count * c_count * tile_));
    const std::vector<PixelPair>& pairs = pairs_[static_cast<size_t>(tap)];
    const int64_t run_length = std::clamp<int64_t>(kRows / g_.n, 1, kMostRuns);
    for (int64_t first = 0; first < static_cast<int64_t>(pairs.size()); first += run_length) {
      const int64_t count = std::min<int64_t>(run_length, static_cast<int64_t>(pairs.size()) - first);
      const float* left[kMostRuns];
      const float* right[kMostRuns];
      for (int64_t k = 0; k < k_count; k++) {
        for (int64_t i = 0; i < count; i++) {
          left[i] = results + pairs[static_cast<size_t>(first + i)].result * result_panel() + (first_k + k) * g_.n * vector_.tile_rows;
          prefetch(left[i] + g_.n * vector_.tile_rows, g_.n * vector_.tile_rows);
        }
        for (int64_t c = 0; c < c_count; c++) {
          for (int64_t i = 0; i < count; i++) {
            right[i] = images + pairs[static_cast<size_t>(first + i)].image * image_panel() + (first_c + c) * g_.n * vector_.tile_columns;
          }
          vector_.multiply_add(sums + (k * c_count + c) * tile_, left, right, count, g_.n);
        }
      }
    }
    store_block(tap, first_k, k_count, first_c, c_count, dw, sums);
  }

  void store_block(int64_t tap, int64_t first_k, int64_t k_count, int64_t first_c, int64_t c_count, float* dw, const float* sums) const {
    const int64_t rows = vector_.tile_rows, width = vector_.tile_columns;
    const int64_t last_k = std::min((first_k + k_count) * rows, g_.k);
    for (int64_t k = first_k * rows; k < last_k; k++) {
      const float* row = sums + (k / rows - first_k) * c_count * tile_ + k % rows * width;
      float* target = dw + (k * g_.r * g_.s + tap) * g_.c;
      for (int64_t strip = first_c; strip < first_c + c_count; strip++, row += tile_) {
        const int64_t count = std::min(width, g_.c - strip * width);
        std::memcpy(target + strip * width, row, sizeof(float) * static_cast<size_t>(count));
      }
    }
  }

  static constexpr int64_t kMostRuns = 64;

  WindowGeometry g_;
  std::vector<std::vector<PixelPair>> pairs_;
  const VectorKernels& vector_;
  int64_t k_strips_, c_strips_, k_block_, c_block_, tile_;
};

Kernel filter_gradient(const Step& step, Build& build, const WindowGeometry& g) {
  const auto gradient = std::make_shared<TapFilterGradient>(g, build.vector);
  return {[step, gradient](const Run& run) {
            gradient->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          gradient->workspace_bytes(build.threads)};
}

}  // namespace

std::optional<Kernel> tap_convolution(const Step& step, Build& build) {
  constexpr int64_t kFewestChannels = 32;
  const WindowGeometry g = convolution_geometry(step);
  const VectorKernels& v = build.vector;
  const bool deep = g.c >= kFewestChannels && g.k >= kFewestChannels;
  if (step.op == "conv2dFilterGradient") {
    if (!deep || g.n < v.tile_rows || !fills_tiles(g.k, v.tile_rows) || !fills_tiles(g.c, v.tile_columns)) return std::nullopt;
    return filter_gradient(step, build, g);
  }
  const bool is_forward = step.op == "conv2d";
  if (!deep || !fills_tiles(g.n, v.tile_rows) || !fills_tiles(is_forward ? g.k : g.c, v.tile_columns)) return std::nullopt;
  return is_forward ? forward(step, build, g) : input_gradient(step, build, g);
}

}  // namespace gannet
