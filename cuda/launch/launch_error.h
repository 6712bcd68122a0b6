#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace gannet::kernels {

/** A kernel that could not be launched or failed while it ran; the message names the kernel. */
class LaunchError : public std::runtime_error {
 public:
  LaunchError(std::string kernel, const std::string& message)
      : std::runtime_error("kernel " + kernel + ": " + message), kernel_(std::move(kernel)) {}

  /** The kernel's name without its parameters, such as gannet::kernels::transpose_kernel. */
  const std::string& kernel() const { return kernel_; }

 private:
  std::string kernel_;
};

}  // namespace gannet::kernels
