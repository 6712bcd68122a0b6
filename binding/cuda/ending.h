#pragma once

#include <optional>

#include "cuda/expression.h"

namespace gannet::cuda {

/** How a product ends: by itself; by the elementwise step behind it, whose expression then finishes the sums before they reach memory; or
 *  by the statistics behind it, which are taken of the result on its way there. */
class Ending {
 public:
  /** Takes the next step of the program if that is an expression which alone reads the product, or if it is the product's statistics, and
   *  if the kernels can end so. */
  Ending(const Step& product, const Build& build, const kernels::ProductConfig& config, bool takes_statistics);

  /** Where the result goes. */
  const Slot& output() const { return output_; }
  /** Steps of the program that product and ending make up. */
  size_t steps() const { return step_ ? 2 : 1; }
  /** Scratch memory, as in Kernel. */
  const std::vector<size_t>& scratch() const { return scratch_; }
  kernels::Epilogue epilogue(const Run& run) const;
  std::optional<kernels::Statistics> statistics(const Run& run) const;

 private:
  Slot output_;
  std::vector<size_t> scratch_;
  /** The step behind the product, if it is taken along, as one of the two. */
  std::optional<Step> step_;
  std::optional<kernels::Epilogue> epilogue_;
  std::optional<kernels::Statistics> statistics_;
};

}  // namespace gannet::cuda
