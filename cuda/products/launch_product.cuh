#pragma once

#include "products/implicit_gemm.cuh"
#include "products/phases.h"

// From a configuration to a launch. A family is the set of kernels of one product:
//
//   Parameters                      what its kernels take
//   kernel<Tile, precision, a, b>() the kernel for one tile, precision and pair of vector widths
//   kThin                           whether it has kernels for up to 8 columns
//   MixedTile                       the tile of its kernels that read A in vectors and B element by element, or void
namespace gannet::kernels {

/** Where a product's result goes. */
struct Resulting {
  void* data;  // (elements)
  int64_t elements;
  Element element;
  /** What the kernels of the product's precision are compiled for. */
  Values values;
};

/** result[i] = the finished sum of parts[0..splits)[i], in that order; parts lie `elements` apart. */
void sum_parts(const Resulting& result, const float* parts, int splits, const EpilogueCode& epilogue, cudaStream_t stream);

/** A supported epilogue as kernels take it, for a result of `elements`. */
EpilogueCode encode(const Epilogue& epilogue, int64_t elements);

/** Supported statistics of a result with so many columns as product kernels take them. */
StatisticsCode encode(const Statistics& statistics, Element result, const ProductConfig& config, int columns, float* workspace);

/** result[i] = the sum of parts[0..splits)[i], in that order, and the statistics of it. */
void sum_parts(const Resulting& result, float* parts, const Statistics& statistics, const ProductConfig& config, int columns,
               cudaStream_t stream);

/** The results of statistics that the blocks of a product have taken. */
void combine_statistics(const Statistics& statistics, const ProductConfig& config, int columns, float* workspace, cudaStream_t stream);

template <class Family>
using KernelOf = void (*)(typename Family::Parameters);

/** Elements in the vectors of a precision: float32 is worth vectors only where it is not bfloat16 that is multiplied. */
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

/** Launches what follows a product: the sum of its parts if its reduction is split, and what combines its statistics. */
template <class Args>
void launch_end(const Args& args, const Resulting& result, int columns, const EpilogueCode& code, cudaStream_t stream) {
  const bool split = args.config.splits > 1;
  if (split && args.statistics != nullptr) {
    sum_parts(result, args.workspace, *args.statistics, args.config, columns, stream);
  } else if (split) {
    sum_parts(result, args.workspace, args.config.splits, code, stream);
  } else if (args.statistics != nullptr) {
    combine_statistics(*args.statistics, args.config, columns, args.workspace, stream);
  }
}

/** Fails where whoever calls a launcher has broken its contract. What it would have launched reads or writes memory that is not its own.
 *  @throws LaunchError */
inline void expect_contract(bool kept, const char* broken) {
  if (!kept) throw LaunchError("(product)", broken);
}

/** Launches a product whose phases are set. `args` are those of its launcher. */
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
  // Column by column along the one axis that has room for any number of tiles.
  const dim3 grid(static_cast<unsigned>(config.row_blocks) * config.column_blocks, 1, config.splits);
  launch(kernel, grid, dim3(config.threads), config.shared_bytes, stream, parameters);
  const Values values = config.precision == Precision::kBfloat16 ? Values::kMixed : Values::kFloat32;
  launch_end(args, {result, elements, code.result, values}, columns, code, stream);
}

}  // namespace gannet::kernels
