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
/** The most taps whose products are summed in one go. */
constexpr int64_t kMostTaps = 8;

/** Whether tiles of `width` are mostly full. */
bool fills_tiles(int64_t size, int64_t width) { return 4 * size >= 3 * strips_of(size, width) * width; }

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
        row_strips_(strips_of(direction.images, vector.tile.rows)),
        column_strips_(strips_of(direction.columns, vector.tile.columns)),
        block_strips_(kColumns / vector.tile.columns),
        tile_(vector.tile.rows * vector.tile.columns),
        taps_at_once_(std::clamp<int64_t>(kDepth / direction.depth, 1, kMostTaps)) {}

  static int64_t group_size(int64_t images) { return std::max<int64_t>(1, kRows / images); }

  size_t sums_bytes(int threads) const { return sizeof(float) * static_cast<size_t>(threads * sums_floats()); }
  size_t workspace_bytes(int threads) const {
    return sums_bytes(threads) + sizeof(float) * static_cast<size_t>(direction_.read_pixels * panel());
  }
  /** Floats of the packed filter [tap][strip of columns][depth][column]. */
  int64_t filter_floats() const { return direction_.taps * column_strips_ * direction_.depth * vector_.tile.columns; }

  /** x [images, read pixels, depth], y [images, written pixels, columns]. */
  void run(const Run& run, float* y, const float* x, const float* filter) const {
    float* sums = reinterpret_cast<float*>(run.workspace);
    float* panels = reinterpret_cast<float*>(run.workspace + sums_bytes(run.threads));
    const Direction& d = direction_;
    parallel_for(run.threads, d.read_pixels, d.read_pixels * panel(), [&](int, Range range) {
      for (int64_t pixel = range.begin; pixel < range.end; pixel++) {
        pack_rows(panels + pixel * panel(), x + pixel * d.depth, d.images, d.read_pixels * d.depth, d.depth, vector_.tile.rows);
      }
    });
    const auto groups = static_cast<int64_t>(groups_.size());
    const int64_t blocks = strips_of(column_strips_, block_strips_);
    parallel_items(run.threads, blocks * groups, [&](int thread, int64_t item) {
      compute_block(groups_[static_cast<size_t>(item % groups)], item / groups * block_strips_, y, panels, filter,
                    sums + thread * sums_floats());
    });
  }

 private:
  /** Floats of one pixel of all images, packed. */
  int64_t panel() const { return row_strips_ * vector_.tile.rows * direction_.depth; }
  int64_t sums_floats() const { return group_size(direction_.images) * row_strips_ * block_strips_ * tile_; }

  void compute_block(const PixelGroup& group, int64_t first_strip, float* y, const float* panels, const float* filter, float* sums) const {
    std::memset(sums, 0, sizeof(float) * group.pixels.size() * static_cast<size_t>(row_strips_ * block_strips_ * tile_));
    const int64_t last_strip = std::min(first_strip + block_strips_, column_strips_);
    for (int64_t tap = 0; tap < direction_.taps; tap += taps_at_once_) {
      const int64_t taps = std::min(taps_at_once_, direction_.taps - tap);
      for (int64_t depth = 0; depth < direction_.depth; depth += kDepth) {
        for (int64_t strip = first_strip; strip < last_strip; strip++) {
          const float* columns = filter + ((tap * column_strips_ + strip) * direction_.depth + depth) * vector_.tile.columns;
          add_products(&group.reads[static_cast<size_t>(tap)], taps, depth, columns, panels, sums + (strip - first_strip) * tile_);
        }
      }
    }
    store_block(group, first_strip, last_strip, y, sums);
  }

  /** Adds a piece of the depth of a few taps to one strip of columns. */
  void add_products(const std::vector<int32_t>* reads, int64_t taps, int64_t depth, const float* columns, const float* panels,
                    float* sums) const {
    const int64_t filter_tap = column_strips_ * direction_.depth * vector_.tile.columns;
    const int64_t row_strip = direction_.depth * vector_.tile.rows;
    for (size_t pixel = 0; pixel < reads->size(); pixel++) {
      const float* left[kMostTaps];
      const float* right[kMostTaps];
      int64_t count = 0;
      for (int64_t tap = 0; tap < taps; tap++) {
        if (reads[tap][pixel] < 0) continue;
        left[count] = panels + reads[tap][pixel] * panel() + depth * vector_.tile.rows;
        right[count++] = columns + tap * filter_tap;
      }
      for (int64_t strip = 0; strip < row_strips_ && count > 0; strip++) {
        float* tile = sums + (static_cast<int64_t>(pixel) * row_strips_ + strip) * block_strips_ * tile_;
        vector_.tile.multiply_add(tile, left, right, count, std::min(kDepth, direction_.depth - depth));
        for (int64_t i = 0; i < count; i++) left[i] += row_strip;
      }
    }
  }

  void store_block(const PixelGroup& group, int64_t first_strip, int64_t last_strip, float* y, const float* sums) const {
    const int64_t width = vector_.tile.columns;
    for (size_t i = 0; i < group.pixels.size(); i++) {
      for (int64_t image = 0; image < direction_.images; image++) {
        const int64_t row_strip = static_cast<int64_t>(i) * row_strips_ + image / vector_.tile.rows;
        const float* row = sums + row_strip * block_strips_ * tile_ + image % vector_.tile.rows * width;
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
  /** Taps whose products are summed in one go, so that shallow ones do not go back to memory too often. */
  int64_t taps_at_once_;
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

Kernel products_kernel(const Step& step, Build& build, const std::shared_ptr<TapProducts>& products, const WindowGeometry& g,
                       PackFilter pack, const char* layout) {
  const Slot& filter = step.inputs[1];
  const auto packed = build.packed.want(filter, layout, sizeof(float) * static_cast<size_t>(products->filter_floats()),
                                        [filter, g, pack, width = build.vector.tile.columns](const Run& run, char* target) {
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
  TapFilterGradient(const WindowGeometry& g, const VectorKernels& vector, int threads)
      : g_(g),
        pairs_(pairs_of_taps(g)),
        vector_(vector),
        k_strips_(strips_of(g.k, vector.tile.rows)),
        c_strips_(strips_of(g.c, vector.tile.columns)),
        k_block_(std::min(k_strips_, kRows / vector.tile.rows)),
        c_block_(std::min(c_strips_, kColumns / vector.tile.columns)),
        tile_(vector.tile.rows * vector.tile.columns),
        group_pixels_(std::clamp<int64_t>(kRows / g.n, 1, kMostPixels)) {
    const int64_t taps = g.r * g.s, blocks = strips_of(k_strips_, k_block_) * strips_of(c_strips_, c_block_);
    tap_shares_ = strips_of(taps, kTapsPerShare);
    while (tap_shares_ < taps && blocks * tap_shares_ % threads != 0) tap_shares_++;
  }

  size_t workspace_bytes(int threads) const {
    return sizeof(float) * static_cast<size_t>(threads * sums_floats() + g_.h * g_.w * image_panel() + g_.p * g_.q * result_panel());
  }

  void run(const Run& run, float* dw, const float* x, const float* dy) const {
    float* sums = reinterpret_cast<float*>(run.workspace);
    float* images = sums + run.threads * sums_floats();
    float* results = images + g_.h * g_.w * image_panel();
    pack(run, images, x, g_.h * g_.w, g_.c, image_panel(), vector_.tile.columns);
    pack(run, results, dy, g_.p * g_.q, g_.k, result_panel(), vector_.tile.rows);
    const int64_t k_blocks = strips_of(k_strips_, k_block_), c_blocks = strips_of(c_strips_, c_block_);
    parallel_items(run.threads, k_blocks * c_blocks * tap_shares_, [&](int thread, int64_t item) {
      const int64_t block = item / tap_shares_, k = block / c_blocks * k_block_, c = block % c_blocks * c_block_;
      const Block part{share_of(g_.r * g_.s, static_cast<int>(item % tap_shares_), static_cast<int>(tap_shares_)),
                       {k, std::min(k + k_block_, k_strips_)},
                       {c, std::min(c + c_block_, c_strips_)}};
      compute_block(part, dw, images, results, sums + thread * sums_floats());
    });
  }

 private:
  /** A part of the filter: taps, strips of k, strips of c. */
  struct Block {
    Range taps, k, c;

    int64_t tiles_per_tap() const { return (k.end - k.begin) * (c.end - c.begin); }
  };

  int64_t image_panel() const { return c_strips_ * g_.n * vector_.tile.columns; }
  int64_t result_panel() const { return k_strips_ * g_.n * vector_.tile.rows; }
  int64_t sums_floats() const { return strips_of(g_.r * g_.s, tap_shares_) * k_block_ * c_block_ * tile_; }

  void pack(const Run& run, float* panels, const float* x, int64_t pixels, int64_t channels, int64_t panel, int64_t width) const {
    parallel_for(run.threads, pixels, pixels * panel, [&](int, Range range) {
      for (int64_t pixel = range.begin; pixel < range.end; pixel++) {
        pack_columns(panels + pixel * panel, x + pixel * channels, channels, pixels * channels, g_.n, width);
      }
    });
  }

  /** A few pixels of the result at a time, through all taps: they and their neighbours in the image stay in the cache. */
  void compute_block(const Block& block, float* dw, const float* images, const float* results, float* sums) const {
    std::memset(sums, 0, sizeof(float) * static_cast<size_t>((block.taps.end - block.taps.begin) * block.tiles_per_tap() * tile_));
    std::vector<PixelPair>::const_iterator next[kTapsPerShare];
    for (int64_t tap = block.taps.begin; tap < block.taps.end; tap++)
      next[tap - block.taps.begin] = pairs_[static_cast<size_t>(tap)].begin();
    for (int64_t last = group_pixels_; last < g_.p * g_.q + group_pixels_; last += group_pixels_) {
      for (int64_t tap = block.taps.begin; tap < block.taps.end; tap++) {
        auto& pair = next[tap - block.taps.begin];
        PixelPair joined[kMostPixels];
        int64_t count = 0;
        for (; pair != pairs_[static_cast<size_t>(tap)].end() && pair->result < last; pair++) joined[count++] = *pair;
        if (count > 0) add_products(block, joined, count, images, results, sums + (tap - block.taps.begin) * block.tiles_per_tap() * tile_);
      }
    }
    for (int64_t tap = block.taps.begin; tap < block.taps.end; tap++) {
      store_tap(block, tap, dw, sums + (tap - block.taps.begin) * block.tiles_per_tap() * tile_);
    }
  }

  void add_products(const Block& block, const PixelPair* pairs, int64_t count, const float* images, const float* results,
                    float* sums) const {
    const float* left[kMostPixels];
    const float* right[kMostPixels];
    for (int64_t k = block.k.begin; k < block.k.end; k++) {
      for (int64_t i = 0; i < count; i++) left[i] = results + pairs[i].result * result_panel() + k * g_.n * vector_.tile.rows;
      for (int64_t c = block.c.begin; c < block.c.end; c++, sums += tile_) {
        for (int64_t i = 0; i < count; i++) right[i] = images + pairs[i].image * image_panel() + c * g_.n * vector_.tile.columns;
        vector_.tile.multiply_add(sums, left, right, count, g_.n);
      }
    }
  }

  void store_tap(const Block& block, int64_t tap, float* dw, const float* sums) const {
    const int64_t rows = vector_.tile.rows, width = vector_.tile.columns;
    for (int64_t k = block.k.begin * rows; k < std::min(block.k.end * rows, g_.k); k++) {
      const float* row = sums + (k / rows - block.k.begin) * (block.c.end - block.c.begin) * tile_ + k % rows * width;
      float* target = dw + (k * g_.r * g_.s + tap) * g_.c;
      for (int64_t strip = block.c.begin; strip < block.c.end; strip++, row += tile_) {
        const int64_t count = std::min(width, g_.c - strip * width);
        std::memcpy(target + strip * width, row, sizeof(float) * static_cast<size_t>(count));
      }
    }
  }

  static constexpr int64_t kMostPixels = 64;
  static constexpr int64_t kTapsPerShare = 4;

  WindowGeometry g_;
  std::vector<std::vector<PixelPair>> pairs_;
  const VectorKernels& vector_;
  int64_t k_strips_, c_strips_, k_block_, c_block_, tile_;
  int64_t group_pixels_, tap_shares_;
};

Kernel filter_gradient(const Step& step, Build& build, const WindowGeometry& g) {
  const auto gradient = std::make_shared<TapFilterGradient>(g, build.vector, build.threads);
  return {[step, gradient](const Run& run) {
            gradient->run(run, run.output<float>(step.output), run.input<float>(step.inputs[0]), run.input<float>(step.inputs[1]));
          },
          gradient->workspace_bytes(build.threads)};
}

constexpr int64_t kFewestChannels = 32;

/** Large images of few channels have little padding and much to pack: with AVX-512, oneDNN is as fast there. */
bool suits_forward(const WindowGeometry& g, const VectorKernels& vector) {
  return fills_tiles(g.k, vector.tile.columns) && (g.p * g.q < 256 || g.c > 128 || !has_avx512(vector));
}

bool suits_filter_gradient(const WindowGeometry& g, const VectorKernels& vector) {
  const bool fills = g.n >= vector.tile.rows && fills_tiles(g.k, vector.tile.rows) && fills_tiles(g.c, vector.tile.columns);
  return fills && (g.p * g.q < 512 || g.c > 64);
}

}  // namespace

std::optional<Kernel> tap_convolution(const Step& step, Build& build) {
  const WindowGeometry g = convolution_geometry(step);
  if (g.r * g.s == 1 || std::min(g.c, g.k) < kFewestChannels) return std::nullopt;
  if (step.op == Op::kConv2dFilterGradient) {
    return suits_filter_gradient(g, build.vector) ? std::optional(filter_gradient(step, build, g)) : std::nullopt;
  }
  if (!fills_tiles(g.n, build.vector.tile.rows)) return std::nullopt;
  if (step.op == Op::kConv2d) return suits_forward(g, build.vector) ? std::optional(forward(step, build, g)) : std::nullopt;
  return fills_tiles(g.c, build.vector.tile.columns) ? std::optional(input_gradient(step, build, g)) : std::nullopt;
}

}  // namespace gannet
