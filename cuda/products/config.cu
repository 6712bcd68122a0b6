#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels.h"
#include "products/phases.h"

// Chooses how a product runs. This is host code: a function of shapes and of the GPU's limits alone, so that launches can be planned and
// counted without a GPU.
namespace gannet::kernels {

namespace {

/** Bytes of a tile's row along the reduction, and elements of bfloat16 in 16 bytes. */
constexpr int kStepBytes = 128;
constexpr int kEights = 8;
/** Bytes of an entry of the table of positions: an offset alone, or an offset and a point. */
constexpr int kOffsetBytes = 4, kPositionBytes = 8;
constexpr int kFirstAsyncArchitecture = 80;
constexpr int kLargestAxis = 1 << 14;

/** A tile and what it costs. The efficiency is the share of the peak that its ratio of multiplications to loads from shared memory allows,
 *  estimated by counting instructions. */
struct TileTraits {
  ProductTile tile;
  const char* name;
  int rows, columns, threads;
  double efficiency;
};

constexpr std::array<TileTraits, 4> kTiles = {{
    {ProductTile::k128x128, "128x128", 128, 128, 128, 1.0},
    {ProductTile::k128x64, "128x64", 128, 64, 128, 0.9},
    {ProductTile::k64x64, "64x64", 64, 64, 128, 0.75},
    {ProductTile::k128x8, "128x8", 128, 8, 128, 0.25},
}};

constexpr std::array<int, 14> kSplits = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128};

/** Rounds bytes up, so that something else may lie behind in the workspace. */
size_t aligned(size_t bytes) {
  constexpr size_t kAlignment = 256;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

int divide_up(int64_t value, int64_t divisor) { return static_cast<int>((value + divisor - 1) / divisor); }

/** A product as the configuration sees it: one dense product for each phase, all with the same columns. */
struct ProductSize {
  struct PhaseSize {
    int rows, reduction;
  };
  std::vector<PhaseSize> phases;
  int columns;
  int64_t elements;
  /** Elements in one copy of each operand; 0 if there are no kernels for the operands. */
  int vector_a, vector_b;
  /** Bytes of an entry of the table of positions in each stage; 0 without a table. */
  int entry_bytes;
  /** Whether it has kernels with the tile of 8 columns. */
  bool thin;

  /** Steps of the reduction in one stage, and bytes of one column of B in it. */
  int step_length() const { return kStepBytes / (vector_a == kEights ? 2 : 4); }
  int column_bytes() const { return step_length() * (vector_b == kEights ? 2 : 4); }
};

int row_blocks(const ProductSize& size, const TileTraits& tile) {
  int blocks = 0;
  for (const auto& phase : size.phases) blocks += divide_up(phase.rows, tile.rows);
  return blocks;
}

int steps_of(const ProductSize& size) {
  int steps = 0;
  for (const auto& phase : size.phases) steps = std::max(steps, divide_up(phase.reduction, size.step_length()));
  return steps;
}

double mean_steps(const ProductSize& size) {
  double steps = 0, rows = 0;
  for (const auto& phase : size.phases) {
    steps += static_cast<double>(phase.rows) * divide_up(phase.reduction, size.step_length());
    rows += phase.rows;
  }
  return rows > 0 ? steps / rows : 0;
}

/** The stages; or the sums if they are larger, since they take the place of the stages. */
int shared_bytes(const ProductSize& size, const TileTraits& tile, int stages) {
  const int table = size.step_length() * size.entry_bytes;
  return std::max(stages * (tile.rows * kStepBytes + tile.columns * size.column_bytes() + table), tile.rows * tile.columns * 4);
}

/** The number of stages: as many from 4 down to 2 as leave room for a second block on the multiprocessor, or 0 if even 2 do not. GPUs
 *  without asynchronous copies have one stage, since nothing can be copied ahead; other blocks use the time of the waits. */
int stages_of(const ProductSize& size, const TileTraits& tile, const GpuLimits& gpu) {
  const bool async = gpu.architecture >= kFirstAsyncArchitecture;
  const int most = async ? 4 : 1, fewest = async ? 2 : 1;
  const int reserved = async ? 1024 : 0;
  for (int stages = most; stages >= fewest; stages--) {
    if (2 * (shared_bytes(size, tile, stages) + reserved) <= gpu.shared_bytes_per_multiprocessor) return stages;
  }
  return 0;
}

bool suits(const ProductSize& size, const TileTraits& tile) {
  if (size.thin && size.columns <= 8) return tile.tile == ProductTile::k128x8;
  if (tile.tile == ProductTile::k128x8) return false;
  const bool vectors = size.vector_a > 1 && size.vector_b > 1;
  return vectors || tile.tile == ProductTile::k64x64;
}

/** Relative time, in multiplications: those of the busiest multiprocessor, plus the traffic of partial sums if the reduction is split. A
 *  multiprocessor with one block alone is slower, since no other block works while that one waits at a barrier. */
double cost(const ProductSize& size, const TileTraits& tile, int splits, Precision precision, const GpuLimits& gpu) {
  constexpr double kStepsToFillAndDrain = 4;
  constexpr double kSlownessAlone = 1.3;
  const double products_per_byte = precision == Precision::kFloat32 ? 5 : 40;
  const double blocks = static_cast<double>(row_blocks(size, tile)) * divide_up(size.columns, tile.columns) * splits;
  const double steps = mean_steps(size) / splits + kStepsToFillAndDrain;
  const double area = static_cast<double>(tile.rows) * tile.columns * size.step_length();
  const double share = std::ceil(blocks / gpu.multiprocessors);
  const double busiest = share * (share < 2 ? kSlownessAlone : 1) * steps * area / tile.efficiency;
  const double traffic =
      splits == 1 ? 0 : 8.0 * (splits + 1) * static_cast<double>(size.elements) * products_per_byte / gpu.multiprocessors;
  return busiest + traffic;
}

ProductConfig configure(const ProductSize& size, const TileTraits& tile, int splits, Precision precision, const GpuLimits& gpu) {
  ProductConfig config{};
  config.tile = tile.tile;
  config.precision = precision;
  config.vector_a = size.vector_a;
  config.vector_b = size.vector_b;
  config.steps_per_split = std::max(1, divide_up(steps_of(size), splits));
  const int stages = stages_of(size, tile, gpu);
  config.stages = stages == 1 ? 1 : std::min(stages, std::max(2, config.steps_per_split + 1));
  config.splits = std::max(1, divide_up(steps_of(size), config.steps_per_split));
  config.row_blocks = row_blocks(size, tile);
  config.column_blocks = divide_up(size.columns, tile.columns);
  config.blocks = config.row_blocks * config.column_blocks * config.splits;
  config.threads = tile.threads;
  config.shared_bytes = shared_bytes(size, tile, config.stages);
  config.workspace_bytes = config.splits == 1 ? 0 : aligned(sizeof(float) * static_cast<size_t>(size.elements) * config.splits);
  return config;
}

ProductConfig choose(const ProductSize& size, Precision precision, const GpuLimits& gpu) {
  ProductConfig best{};
  double lowest = std::numeric_limits<double>::infinity();
  for (const TileTraits& tile : kTiles) {
    if (!suits(size, tile) || stages_of(size, tile, gpu) == 0) continue;
    for (const int splits : kSplits) {
      if (splits > std::max(1, steps_of(size))) break;
      const double time = cost(size, tile, splits, precision, gpu);
      if (time >= lowest) continue;
      lowest = time;
      best = configure(size, tile, splits, precision, gpu);
    }
  }
  return best;
}

/** The rows of an operand in memory. */
struct Rows {
  int length;
  Element element;
};

/** Sets the vector widths of A and B. Kernels exist for 4 and 4, for 1 and 1, and for 4 and 1 if `mixed`. */
void set_vectors_of_float32(ProductSize& size, int length_a, int length_b, bool mixed) {
  const auto vector_of = [](int length) { return length % 4 == 0 ? 4 : 1; };
  size.vector_a = vector_of(length_a);
  size.vector_b = vector_of(length_b);
  if (size.vector_a == 1 || (size.vector_b == 1 && !mixed)) size.vector_a = size.vector_b = 1;
}

/** The same for precision bfloat16. Kernels exist for 8 and 8 (both operands are bfloat16), 1 and 1 (both are float32), and 8 and 1 if
 *  `mixed`. */
void set_vectors_of_bfloat16(ProductSize& size, const Rows& a, const Rows& b, bool mixed) {
  const auto vector_of = [](const Rows& rows) { return rows.element == Element::kFloat32 ? 1 : rows.length % kEights == 0 ? kEights : 0; };
  size.vector_a = vector_of(a);
  size.vector_b = vector_of(b);
  const bool exists = size.vector_a == size.vector_b || (size.vector_a == kEights && size.vector_b == 1 && mixed);
  if (!exists) size.vector_a = size.vector_b = 0;
}

void set_vectors(ProductSize& size, Precision precision, const Rows& a, const Rows& b, bool mixed) {
  if (precision == Precision::kBfloat16) return set_vectors_of_bfloat16(size, a, b, mixed);
  set_vectors_of_float32(size, a.length, b.length, mixed);
}

ProductSize forward_size(const ConvolutionShape& s, Precision precision, OperandElements elements) {
  ProductSize size{};
  size.phases = {{s.n * s.p * s.q, s.r * s.s * s.c}};
  size.columns = s.k;
  size.elements = int64_t{s.n} * s.p * s.q * s.k;
  size.thin = true;
  set_vectors(size, precision, {s.c, elements.first}, {s.c, elements.second}, false);
  return size;
}

ProductSize input_gradient_size(const ConvolutionShape& s, Precision precision, OperandElements elements) {
  ProductSize size{};
  const Phases phases = phases_of(s);
  for (int i = 0; i < phases.count; i++) {
    const Phase& phase = phases.list[i];
    size.phases.push_back({s.n * phase.h.pixels * phase.w.pixels, phase.h.taps * phase.w.taps * s.k});
  }
  size.columns = s.c;
  size.elements = int64_t{s.n} * s.h * s.w * s.c;
  size.entry_bytes = kOffsetBytes;
  size.thin = true;
  set_vectors(size, precision, {s.k, elements.first}, {s.c, elements.second}, s.c <= 8);
  return size;
}

ProductSize filter_gradient_size(const ConvolutionShape& s, Precision precision, OperandElements elements) {
  ProductSize size{};
  size.phases = {{s.k, s.n * s.p * s.q}};
  size.columns = s.r * s.s * s.c;
  size.elements = int64_t{s.k} * s.r * s.s * s.c;
  size.entry_bytes = kPositionBytes;
  set_vectors(size, precision, {s.k, elements.second}, {s.c, elements.first}, true);
  return size;
}

ProductSize matmul_size(const MatmulShape& s, Precision precision, OperandElements elements) {
  ProductSize size{};
  size.phases = {{s.rows, s.reduction}};
  size.columns = s.columns;
  size.elements = int64_t{s.rows} * s.columns;
  const Rows a{s.transpose_a ? s.rows : s.reduction, elements.first}, b{s.transpose_b ? s.reduction : s.columns, elements.second};
  set_vectors(size, precision, a, b, false);
  return size;
}

ProductSize size_of(ConvolutionPass pass, const ConvolutionShape& shape, Precision precision, OperandElements elements) {
  switch (pass) {
    case ConvolutionPass::kForward: return forward_size(shape, precision, elements);
    case ConvolutionPass::kInputGradient: return input_gradient_size(shape, precision, elements);
    default: return filter_gradient_size(shape, precision, elements);
  }
}

/** Why there are no kernels for these operands, or null. */
const char* refusal_of(const ProductSize& size) {
  return size.vector_a == 0 ? "operands in bfloat16 need rows of multiples of 8, both of them" : nullptr;
}

}  // namespace

ProductConfig choose_convolution(ConvolutionPass pass, const ConvolutionShape& shape, Precision precision, const GpuLimits& gpu,
                                 OperandElements elements) {
  return choose(size_of(pass, shape, precision, elements), precision, gpu);
}

ProductConfig choose_matmul(const MatmulShape& shape, Precision precision, const GpuLimits& gpu, OperandElements elements) {
  return choose(matmul_size(shape, precision, elements), precision, gpu);
}

const char* convolution_refusal(ConvolutionPass pass, const ConvolutionShape& s, OperandElements elements) {
  constexpr int64_t kMostElements = int64_t{1} << 31;
  if (pass == ConvolutionPass::kInputGradient && (s.stride_h > 2 || s.stride_w > 2)) return "input gradients take strides of 1 and 2 only";
  if (std::max({s.h, s.w, s.p, s.q, s.r, s.s}) >= kLargestAxis) return "images must be smaller than 16384 pixels along each axis";
  if (std::max({int64_t{s.n} * s.h * s.w * s.c, int64_t{s.n} * s.p * s.q * s.k, int64_t{s.k} * s.r * s.s * s.c}) >= kMostElements) {
    return "every tensor must have fewer than 2^31 elements";
  }
  return refusal_of(size_of(pass, s, Precision::kBfloat16, elements));
}

const char* matmul_refusal(const MatmulShape& shape, OperandElements elements) {
  return refusal_of(matmul_size(shape, Precision::kBfloat16, elements));
}

std::string describe(const ProductConfig& c) {
  constexpr const char* kPrecisions[] = {"float32", "tf32", "bfloat16"};
  const auto kib = [](size_t bytes) { return std::to_string((bytes + 1023) / 1024) + " KiB"; };
  const char* tile = kTiles[static_cast<size_t>(c.tile)].name;
  return std::string(tile) + " " + kPrecisions[static_cast<int>(c.precision)] + " vector " + std::to_string(c.vector_a) + "/" +
         std::to_string(c.vector_b) + " stages " + std::to_string(c.stages) + " splits " + std::to_string(c.splits) + " blocks " +
         std::to_string(c.blocks) + " (" + std::to_string(c.row_blocks) + "x" + std::to_string(c.column_blocks) + "x" +
         std::to_string(c.splits) + ") threads " + std::to_string(c.threads) + " shared " + kib(c.shared_bytes) + " workspace " +
         kib(c.workspace_bytes);
}

}  // namespace gannet::kernels
