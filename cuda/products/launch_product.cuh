#pragma once

#include "products/implicit_gemm.cuh"
#include "products/phases.h"

// From a configuration to launches. A family is the set of kernels of one product:
//
//   Parameters                      the parameters of its kernels
//   kernel<Tile, precision, a, b>() the kernel for one tile, precision and pair of vector widths
//   kThin                           whether it has kernels with the tile of 8 columns
//   MixedTile                       the tile of its kernels that read A in vectors and B element by element, or void if there are none
namespace gannet::kernels {

/** Where a product's result goes. */
struct Resulting {
  void* data;  // (elements)
  int64_t elements;
  Element element;
  /** What the kernels of the product's precision are compiled for. */
  Values values;
};

/** result[i] = epilogue of the sum of partials[z][i] over the splits z in ascending order. */
void sum_partials(const Resulting& result, const float* partials, int splits, const EpilogueCode& epilogue, cudaStream_t stream);

/** A supported epilogue as kernels take it, for a result of so many elements. */
EpilogueCode encode(const Epilogue& epilogue, int64_t elements);

/** Supported statistics as kernels take them, for a result with so many columns. */
StatisticsCode encode(const Statistics& statistics, Element result, const ProductConfig& config, int columns, float* workspace);

/** result[i] = the sum of partials[z][i] over the splits z in ascending order; and the statistics of the result. */
void sum_partials(const Resulting& result, float* partials, const Statistics& statistics, const ProductConfig& config, int columns,
                  cudaStream_t stream);

/** Combines the partial statistics that the blocks of a product have written. */
void combine_statistics(const Statistics& statistics, const ProductConfig& config, int columns, float* workspace, cudaStream_t stream);

template <class Family>
using KernelOf = void (*)(typename Family::Parameters);

/** Elements in a vector: 8 of bfloat16, or 4 of float32. Kernels of precision bfloat16 read float32 operands one element at a time. */
template <Precision precision>
constexpr int kVectorOf = precision == Precision::kBfloat16 ? kEights : 4;

template <class Family, Precision precision>
KernelOf<Family> select_vectors(ProductTile tile) {
  constexpr int kVector = kVectorOf<precision>;
  switch (tile) {
    case ProductTile::k128x128: return Family::template kernel<Tile128x128, precision, kVector, kVector>();
    case ProductTile::k128x64: return Family::template kernel<Tile128x64, precision, kVector, kVector>();
    case ProductTile::k64x64: return Family::template kernel<Tile64x64, precision, kVector, kVector>();
    default:
      if constexpr (Family::kThin) return Family::template kernel<Tile128x8, precision, kVector, kVector>();
      return nullptr;
  }
}

template <class Family, Precision precision>
KernelOf<Family> select_scalars(ProductTile tile) {
  if (tile == ProductTile::k64x64) return Family::template kernel<Tile64x64, precision, 1, 1>();
  if constexpr (Family::kThin) return Family::template kernel<Tile128x8, precision, 1, 1>();
  return nullptr;
}

template <class Family, Precision precision>
KernelOf<Family> select_kernel(const ProductConfig& config) {
  constexpr int kVector = kVectorOf<precision>;
  if (config.vector_b == kVector) return select_vectors<Family, precision>(config.tile);
  if (config.vector_a == 1) return select_scalars<Family, precision>(config.tile);
  if constexpr (!std::is_void_v<typename Family::MixedTile>)
    return Family::template kernel<typename Family::MixedTile, precision, kVector, 1>();
  return nullptr;
}

template <class Family>
KernelOf<Family> select_kernel(const ProductConfig& config) {
  switch (config.precision) {
    case Precision::kFloat32: return select_kernel<Family, Precision::kFloat32>(config);
    case Precision::kTf32: return select_kernel<Family, Precision::kTf32>(config);
    default: return select_kernel<Family, Precision::kBfloat16>(config);
  }
}

inline int tile_rows(ProductTile tile) { return tile == ProductTile::k64x64 ? Tile64x64::kRows : Tile128x128::kRows; }

/** Launches what an epilogue takes behind the product itself: the sum of the partial sums if the reduction is split, and what combines the
 *  statistics. */
template <class Args>
void launch_epilogue(const Args& args, const Resulting& result, int columns, const EpilogueCode& code, cudaStream_t stream) {
  const bool split = args.config.splits > 1;
  if (split && args.statistics != nullptr) {
    sum_partials(result, args.workspace, *args.statistics, args.config, columns, stream);
  } else if (split) {
    sum_partials(result, args.workspace, args.config.splits, code, stream);
  } else if (args.statistics != nullptr) {
    combine_statistics(*args.statistics, args.config, columns, args.workspace, stream);
  }
}

/** Stops a launch whose caller has broken the contract, before it reads or writes memory that is not its own. @throws LaunchError */
inline void expect_contract(bool kept, const char* broken) {
  if (!kept) throw LaunchError("(product)", broken);
}

/** Launches a product; `parameters` has its phases. `args` are the arguments of its launcher. */
template <class Family, class Args>
void launch_product(const Args& args, typename Family::Parameters& parameters, void* result, int64_t elements, cudaStream_t stream) {
  const ProductConfig& config = args.config;
  const KernelOf<Family> kernel = select_kernel<Family>(config);
  const bool split = config.splits > 1;
  int block = 0;
  for (int i = 0; i < parameters.phases; i++) {
    parameters.first_block[i] = block;
    block += ceil_div(parameters.phase[i].rows, tile_rows(config.tile));
  }
  expect_contract(block == config.row_blocks, "its configuration was chosen for another shape");
  parameters.row_blocks = block;
  parameters.stages = config.stages;
  parameters.splits = config.splits;
  parameters.steps_per_split = config.steps_per_split;
  parameters.target = split ? args.workspace : static_cast<float*>(result);
  parameters.elements = elements;
  parameters.aligned = is_aligned_16(parameters.target) && (!split || elements % 4 == 0);
  const EpilogueCode code = encode(args.epilogue, elements);
  expect_contract(code.number >= 0, "its epilogue is none that the kernels were compiled with");
  expect_contract(code.number == 0 || args.statistics == nullptr, "it has an epilogue beside statistics, and only one fits");
  if (!split) parameters.epilogue = code;
  const int columns = parameters.phase[0].columns;
  if constexpr (Family::Parameters::kTakesStatistics) {
    if (!split && args.statistics != nullptr)
      parameters.statistics = encode(*args.statistics, code.result, config, columns, args.workspace);
  } else {
    expect_contract(args.statistics == nullptr, "it takes no statistics");
  }
  // All tiles along x: the other axes of a grid end at 65535.
  const dim3 grid(static_cast<unsigned>(config.row_blocks) * config.column_blocks, 1, config.splits);
  launch(kernel, grid, dim3(config.threads), config.shared_bytes, stream, parameters);
  const Values values = config.precision == Precision::kBfloat16 ? Values::kMixed : Values::kFloat32;
  launch_epilogue(args, {result, elements, code.result, values}, columns, code, stream);
}

}  // namespace gannet::kernels
