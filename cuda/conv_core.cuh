#pragma once

#include "conv_epilogue.cuh"
#include "conv_sums.cuh"
#include "launch.h"

// The one product behind convolutions, their gradients and matmul: implicit GEMM.
//
// Grid: x walks tiles of rows (the phases of a strided input gradient one after the other, the one with most taps first), y tiles of
// columns, z the parts of a split reduction. Block: Tile::kThreads threads compute Tile::kRows x Tile::kColumns of the result.
//
// Shared memory: `stages` pairs of tiles in a ring, then the table of the rows' positions:
//
//   | A 0 | B 0 | A 1 | B 1 | ...  | table of A | table of B |        A: rows x 32 floats, B: columns x 32 floats
//
// While one stage is multiplied, the copies of the next stages - 1 are under way; one barrier a step both publishes the stage that has
// arrived and says that the stage before it may be overwritten.
namespace gannet::kernels {

/** Input gradients of stride 2 x 2 have four phases: pixels of equal parity see the same taps. */
constexpr int kMaximumPhases = 4;

template <class ProductType, int phase_count>
struct ProductParameters {
  static constexpr int kPhases = phase_count;
  ProductType phase[phase_count];
  /** Tiles of rows before each phase's first. */
  int first_block[phase_count];
  int phases;
  int stages;
  int splits, steps_per_split;
  /** The result; of a split reduction the workspace, where part z starts at z * elements. */
  float* target;
  int64_t elements;
  Epilogue epilogue;
};

/** Waits for the oldest of `stages` - 1 groups of copies. */
__device__ __forceinline__ void wait_for_stage(int stages) {
  if (stages == 2) {
    cp_async_wait<0>();
  } else if (stages == 3) {
    cp_async_wait<1>();
  } else {
    cp_async_wait<2>();
  }
}

template <class Sums, class Tile, class LoaderA, class LoaderB>
__device__ __forceinline__ void accumulate(Sums& sums, const LoaderA& loader_a, const LoaderB& loader_b, float* ring, int stages,
                                           int first_step, int last_step) {
  const auto load = [&](int step, int stage) {
    float* tile = ring + stage * Tile::kStageFloats;
    if (step < last_step) {
      loader_a.load(tile, step);
      loader_b.load(tile + Tile::kRows * kStep, step);
    }
    cp_async_commit();
  };
  for (int i = 0; i < stages - 1; i++) load(first_step + i, i);
  int computed = 0, filled = stages - 1;
  for (int step = first_step; step < last_step; step++) {
    wait_for_stage(stages);
    __syncthreads();
    load(step + stages - 1, filled);
    const float* tile = ring + computed * Tile::kStageFloats;
    sums.multiply(tile, tile + Tile::kRows * kStep);
    filled = computed;
    computed = computed + 1 == stages ? 0 : computed + 1;
  }
}

template <class Tile, Precision precision, class Product>
using SumsOf = std::conditional_t<precision == Precision::kFloat32, FloatSums<Tile, typename Product::A, typename Product::B>,
                                  TensorSums<Tile, precision, typename Product::A, typename Product::B>>;

/** The body of every product kernel. */
template <class Tile, Precision precision, int vector_a, int vector_b, class Parameters>
__device__ __forceinline__ void compute_product(const Parameters& parameters) {
  int phase = 0;
  if constexpr (Parameters::kPhases > 1) {
    while (phase + 1 < parameters.phases && static_cast<int>(blockIdx.x) >= parameters.first_block[phase + 1]) phase++;
  }
  const auto& product = parameters.phase[phase];
  using Product = std::remove_cvref_t<decltype(product)>;
  using Sums = SumsOf<Tile, precision, Product>;
  using LoaderA = TileLoader<typename Product::A, Tile::kRows, vector_a, Tile::kThreads, Sums::kKeyShift>;
  using LoaderB = TileLoader<typename Product::B, Tile::kColumns, vector_b, Tile::kThreads, Sums::kKeyShift>;

  float* ring = shared_memory<float>();
  PackedPosition* table = reinterpret_cast<PackedPosition*>(ring + parameters.stages * Tile::kStageFloats);
  const int first_row = (static_cast<int>(blockIdx.x) - parameters.first_block[phase]) * Tile::kRows;
  const int first_column = static_cast<int>(blockIdx.y) * Tile::kColumns;
  const LoaderA loader_a(product.a, first_row, table);
  const LoaderB loader_b(product.b, first_column, table + LoaderA::kTableEntries);
  if constexpr (LoaderA::kTabulated || LoaderB::kTabulated) __syncthreads();

  const int steps = ceil_div(product.reduction, kStep);
  const int first_step = static_cast<int>(blockIdx.z) * parameters.steps_per_split;
  Sums sums;
  accumulate<Sums, Tile>(sums, loader_a, loader_b, ring, parameters.stages, first_step, min(first_step + parameters.steps_per_split, steps));

  using Output = decltype(product.out);
  sums.for_each(Store<std::remove_cvref_t<Output>>{parameters.target + blockIdx.z * parameters.elements, product.out, first_row, product.rows,
                                                   first_column, product.columns, parameters.epilogue, parameters.splits > 1});
}

}  // namespace gannet::kernels
