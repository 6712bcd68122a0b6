#pragma once

#include "products/packed_sums.cuh"
#include "products/statistics.cuh"
#include "products/float_sums.cuh"
#include "launch/launch.h"

// The one product behind convolutions, their gradients and matmul: implicit GEMM.
//
// Grid: x walks tiles of rows (the phases of a strided input gradient one after the other, the one with most taps first), once for
// every tile of columns; z the parts of a split reduction. Block: Tile::kThreads threads compute Tile::kRows x Tile::kColumns of the
// result.
//
// Shared memory: `stages` stages in a ring, each two tiles and, where the positions of B's lines cost divisions, a table of these; in the
// end the sums take its place:
//
//   | A 0 | B 0 | table 0 | A 1 | B 1 | table 1 | ...        A: rows x 32 floats, B: columns x 32 floats (products/tile.cuh)
//   | rows x columns sums                 |
//
// While one stage is multiplied, the copies of the next stages - 1 are under way; one barrier a step publishes the stage that has
// arrived and the table of the stage to be copied next, and says that the stage before may be overwritten. A single stage takes a second
// barrier instead: it is for GPUs without asynchronous copies, where other blocks on the multiprocessor fill the time that a block waits.
namespace gannet::kernels {

/** Input gradients of stride 2 x 2 have four phases: pixels of equal parity see the same taps. */
constexpr int kMaximumPhases = 4;

/** In the place of a StatisticsCode where a product has no use for one. */
struct NoStatistics {};

template <class ProductType, int phase_count>
struct ProductParameters {
  /** The gradients of weights, which read A across its rows, have no statistics. */
  static constexpr bool kTakesStatistics = ProductType::A::kContiguous == Contiguous::kReduction;
  static constexpr int kPhases = phase_count;
  ProductType phase[phase_count];
  /** Tiles of rows before each phase's first, and in all. */
  int first_block[phase_count];
  int row_blocks;
  int phases;
  int stages;
  int splits, steps_per_split;
  /** The result, of elements as the epilogue says; of a split reduction the workspace, where part z starts at z * elements. */
  float* target;
  int64_t elements;
  /** Whether the result, or every part of the workspace, is a multiple of 16 bytes. */
  bool aligned;
  EpilogueCode epilogue;
  /** Of the result, which then has no epilogue. */
  std::conditional_t<kTakesStatistics, StatisticsCode, NoStatistics> statistics;
};

// sm_75 has no asynchronous copies, hence no rings; the simulator stands for every GPU.
constexpr bool kHasRings = GANNET_ARCH >= 800;
#if defined(GANNET_SIMT)
constexpr bool kHasSingleStages = true;
#else
constexpr bool kHasSingleStages = GANNET_ARCH < 800;
#endif

/** Adds the products of steps `first` to `last` - 1 to the sums. Stages are named by the bytes before them. */
template <class Sums, class Ring, class LoaderA, class LoaderB>
struct Accumulation {
  Sums& sums;
  const LoaderA& loader_a;
  const LoaderB& loader_b;
  int first, last;

  __device__ __forceinline__ void run(int stages) const {
    if constexpr (kHasRings && kHasSingleStages) {
      if (stages == 1) {
        run_single();
      } else {
        run_ring(stages);
      }
    } else if constexpr (kHasRings) {
      run_ring(stages);
    } else {
      run_single();
    }
  }

 private:
  static constexpr bool kTabulates = LoaderB::kTableBytes > 0;
  static_assert(LoaderA::kTableBytes == 0);

  __device__ __forceinline__ void load(int stage, int step) const {
    if (step < last) {
      // B first: the compiler pads copies behind the loads of its table.
      loader_b.load(stage, step);
      loader_a.load(stage, step);
    }
    cp_async_commit();
  }

  /** Waits for the oldest of `stages` - 1 groups of copies. */
  __device__ __forceinline__ static void wait(int stages) {
    if (stages == 2) {
      cp_async_wait<0>();
    } else if (stages == 3) {
      cp_async_wait<1>();
    } else {
      cp_async_wait<2>();
    }
  }

  __device__ __forceinline__ void run_ring(int stages) const {
    if constexpr (kTabulates) {
      for (int i = 0; i < stages; i++) loader_b.tabulate(i * Ring::kBytes, first + i);
      __syncthreads();
    }
    for (int i = 0; i < stages - 1; i++) load(i * Ring::kBytes, first + i);
    const int last_stage = settled((stages - 1) * Ring::kBytes);
    int computed = 0, filled = last_stage;
    for (int step = first; step < last; step++) {
      wait(stages);
      __syncthreads();
      load(filled, step + stages - 1);
      loader_b.tabulate(computed, step + stages);
      sums.multiply(computed);
      filled = computed;
      computed = computed == last_stage ? 0 : computed + Ring::kBytes;
    }
  }

  __device__ __forceinline__ void run_single() const {
    if constexpr (kTabulates) {
      loader_b.tabulate(0, first);
      __syncthreads();
    }
    for (int step = first; step < last; step++) {
      load(0, step);
      cp_async_wait<0>();
      __syncthreads();
      loader_b.tabulate(0, step + 1);
      sums.multiply(0);
      __syncthreads();
    }
  }
};

template <class Tile, Precision precision, int vector_a, int vector_b, class Product>
using SumsOf =
    std::conditional_t<precision == Precision::kFloat32, FloatSums<Tile, typename Product::A, typename Product::B>,
                       std::conditional_t<vector_a == kEights, PackedSums<Tile, typename Product::A, typename Product::B, vector_b>,
                                          TensorSums<Tile, precision, typename Product::A, typename Product::B>>>;

/** Which tile of which phase a block computes. */
struct BlockPlace {
  int row_block, column_block, phase;

  template <class Tile, class Parameters>
  __device__ __forceinline__ Extent extent(const Parameters& parameters) const {
    const auto& product = parameters.phase[phase];
    return {(row_block - parameters.first_block[phase]) * Tile::kRows, product.rows, column_block * Tile::kColumns, product.columns};
  }
};

template <class Parameters>
__device__ __forceinline__ BlockPlace place_of(const Parameters& parameters, int block) {
  BlockPlace place{};
  place.column_block = block / parameters.row_blocks;
  place.row_block = block - place.column_block * parameters.row_blocks;
  if constexpr (Parameters::kPhases > 1) {
    while (place.phase + 1 < parameters.phases && place.row_block >= parameters.first_block[place.phase + 1]) place.phase++;
  }
  return place;
}

/** Writes the sums of a block, which lie in shared memory, and takes their statistics if it is to. */
template <class Tile, Values kValues, class Parameters>
__device__ __forceinline__ void write_block(float* staged, const Parameters& parameters) {
  const BlockPlace place = place_of(parameters, reread_block_index());
  const Extent extent = place.extent<Tile>(parameters);
  const auto& out = parameters.phase[place.phase].out;
  if constexpr (Parameters::kTakesStatistics) {
    if (parameters.statistics.number != 0) {
      return write_with_statistics<Tile, kValues>(staged, parameters.target, parameters.aligned, out, place.row_block, extent,
                                                  parameters.statistics);
    }
  }
  const EpilogueCode* epilogue = parameters.splits > 1 ? nullptr : &parameters.epilogue;
  write_staged<Tile, kValues>(staged, parameters.target + blockIdx.z * parameters.elements, parameters.aligned, out, extent,
                              epilogue ? epilogue->result : Element::kFloat32, epilogue, Unseen{});
}

/** The tensor cores of sm_75 know no TF32 and no bfloat16; the host multiplies in float32 there. */
template <Precision precision>
constexpr bool kExists = precision == Precision::kFloat32 || GANNET_ARCH == 0 || GANNET_ARCH >= 800;

template <class Tile, Precision precision, int vector_a, int vector_b, class Parameters>
__device__ __forceinline__ void compute_existing_product(const Parameters& parameters) {
  const BlockPlace place = place_of(parameters, static_cast<int>(blockIdx.x));
  const auto& product = parameters.phase[place.phase];
  using Product = std::remove_cvref_t<decltype(product)>;
  using Sums = SumsOf<Tile, precision, vector_a, vector_b, Product>;
  constexpr int kSteps = kStepsOf<vector_a>;
  using LoaderA = TileLoader<typename Product::A, Tile::kRows, kSteps, vector_a, Tile::kThreads, Sums::kKeyShift>;
  using LoaderB = TileLoader<typename Product::B, Tile::kColumns, kSteps, vector_b, Tile::kThreads, Sums::kKeyShift>;
  using Ring = RingStage<Tile, vector_a, vector_b, LoaderB::kTableBytes>;
  constexpr Values kValues = precision == Precision::kBfloat16 ? Values::kMixed : Values::kFloat32;

  float* ring = shared_memory<float>();
  const Extent extent = place.extent<Tile>(parameters);
  const SharedAddress tile_a(ring), tile_b = tile_a + Ring::kB, table = tile_a + Ring::kTableAt;
  const LoaderA loader_a(product.a, extent.first_row, tile_a, table);
  const LoaderB loader_b(product.b, extent.first_column, tile_b, table);

  const int steps = ceil_div(product.reduction, kSteps);
  const int first = static_cast<int>(blockIdx.z) * parameters.steps_per_split;
  Sums sums(tile_a, tile_b);
  Accumulation<Sums, Ring, LoaderA, LoaderB>{sums, loader_a, loader_b, first, min(first + parameters.steps_per_split, steps)}.run(
      parameters.stages);

  __syncthreads();
  sums.for_each(Stage<Tile>{ring});
  __syncthreads();
  write_block<Tile, kValues>(ring, parameters);
}

/** The body of every product kernel. */
template <class Tile, Precision precision, int vector_a, int vector_b, class Parameters>
__device__ __forceinline__ void compute_product(const Parameters& parameters) {
  if constexpr (kExists<precision>) {
    compute_existing_product<Tile, precision, vector_a, vector_b>(parameters);
  }
#if !defined(GANNET_SIMT)
  if constexpr (!kExists<precision>) __trap();
#endif
}

}  // namespace gannet::kernels
