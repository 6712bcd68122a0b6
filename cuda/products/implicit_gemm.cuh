#pragma once

#include "launch/launch.h"
#include "products/float_sums.cuh"
#include "products/packed_sums.cuh"
#include "products/statistics.cuh"

// The one product behind convolutions, their gradients and matmul: implicit GEMM.
//
// Grid: x counts tiles of rows, and starts over for every tile of columns. Rows of all phases of a strided input gradient follow each
// other, the phase with most taps first. z counts the splits of the reduction.
// Block: Tile::kThreads threads compute Tile::kRows x Tile::kColumns of the result.
//
// Shared memory: a ring of `stages` stages. Each holds a tile of A and one of B and, if the positions of B's lines cost divisions, a table
// of these positions. After the last step the sums take the place of the ring:
//
//   | A 0 | B 0 | table 0 | A 1 | B 1 | table 1 | ...        A: rows x 32 floats, B: columns x 32 floats (products/tile.cuh)
//   | rows x columns sums                 |
//
// While one stage is multiplied, the copies of the next stages - 1 are under way. There is one barrier in each step. After it all threads
// see the stage that has arrived and the table of the stage that is copied next, and the stage that was multiplied before may be
// overwritten. GPUs without asynchronous copies use a single stage and two barriers in each step; other blocks on the multiprocessor use
// the time that a block waits.
namespace gannet::kernels {

/** Input gradients of stride 2 x 2 have four phases: pixels of equal parity see the same taps. */
constexpr int kMaximumPhases = 4;

/** Stands in place of a StatisticsCode in products that take no statistics. */
struct NoStatistics {};

template <class ProductType, int phase_count>
struct ProductParameters {
  /** Products that read A contiguous along its rows take no statistics: they are gradients of weights, of which nobody wants any. */
  static constexpr bool kTakesStatistics = ProductType::A::kContiguous == Contiguous::kReduction;
  static constexpr int kPhases = phase_count;
  ProductType phase[phase_count];
  /** How many tiles of rows come before each phase, and how many there are in all. */
  int first_block[phase_count];
  int row_blocks;
  int phases;
  int stages;
  int splits, steps_per_split;
  /** The result, whose type the epilogue tells. If the reduction is split, the workspace: the partial sums of split z start at z *
   *  elements. */
  float* target;
  int64_t elements;
  /** Whether the result, or each split's place in the workspace, begins at a multiple of 16 bytes. */
  bool aligned;
  EpilogueCode epilogue;
  /** Statistics of the result; there is no expression then. */
  std::conditional_t<kTakesStatistics, StatisticsCode, NoStatistics> statistics;
};

// sm_75 has no asynchronous copies, so its kernels have single stages only. The simulator runs both.
constexpr bool kHasRings = GANNET_ARCH >= 800;
#if defined(GANNET_SIMT)
constexpr bool kHasSingleStages = true;
#else
constexpr bool kHasSingleStages = GANNET_ARCH < 800;
#endif

/** Adds the products of steps `first` to `last` - 1 to the sums. A stage is given by its distance from the first in bytes. */
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
      // B comes first: the compiler inserts waits between the loads of its table and the copies that follow.
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

/** Writes the sums of a block from shared memory to the result, with the product's epilogue. */
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

/** Whether the architecture has kernels of a precision. The tensor cores of sm_75 know neither TF32 nor bfloat16, so the host chooses
 *  float32 there. */
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
