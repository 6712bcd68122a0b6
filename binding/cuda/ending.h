#pragma once

#include <optional>

#include "cuda/expression.h"

namespace gannet::cuda {

/** How a product ends: by itself, or by the elementwise step behind it, whose expression then finishes the sums before they reach memory. */
class Ending {
 public:
  /** Takes the next step of the program if that alone reads the product, and products can end with its expression. */
  Ending(const Step& product, const Build& build);

  /** Where the result goes. */
  const Slot& output() const { return elementwise_ ? elementwise_->output : output_; }
  /** Steps of the program that product and ending make up. */
  size_t steps() const { return elementwise_ ? 2 : 1; }
  kernels::Epilogue epilogue(const Run& run) const;

 private:
  Slot output_;
  std::optional<Step> elementwise_;
  kernels::Epilogue epilogue_;
};

}  // namespace gannet::cuda
