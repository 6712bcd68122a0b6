#pragma once

#include <optional>

#include "cuda/expression.h"

namespace gannet::cuda {

/** What a product does with its sums on their way to memory: nothing; the elementwise step behind it, whose expression it applies to
 *  them; or the statistics behind it, which it takes of its result. */
class ProductEpilogue {
 public:
  /** Takes the next step of the program if the kernels can: an expression that nothing but this step needs the product for, or, if the
   *  product `takes_statistics`, statistics of its result. */
  ProductEpilogue(const Step& product, const Build& build, const kernels::ProductConfig& config, bool takes_statistics);

  EpilogueKind kind() const;
  /** Where the result goes. */
  const Slot& output() const { return output_; }
  /** Steps of the program that the product and its epilogue make up. */
  size_t steps() const { return step_ ? 2 : 1; }
  /** Scratch memory, as in Kernel. */
  const std::vector<size_t>& scratch() const { return scratch_; }
  /** The expression for the launchers; without one it only tells the type of the result. */
  kernels::Epilogue expression(const Run& run) const;
  std::optional<kernels::Statistics> statistics(const Run& run) const;

 private:
  Slot output_;
  std::vector<size_t> scratch_;
  /** The step behind the product, if the product does it. */
  std::optional<Step> step_;
  std::optional<kernels::Epilogue> expression_;
  std::optional<kernels::Statistics> statistics_;
};

}  // namespace gannet::cuda
