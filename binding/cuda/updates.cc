#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

using kernels::Optimizer;

/** Inputs of an optimiser's step: w, its slots, the gradient, the learning rate and, for adam, the count of updates. */
Kernel optimizer(const Step& step, Optimizer optimizer, size_t slots) {
  count_of(step.output);
  return {[step, optimizer, slots](const Run& run) {
    const Attributes& a = step.attributes;
    kernels::OptimizerTensor tensor{.w = run.output(step.output), .slots = {}, .gradient = nullptr, .count = count_of(step.output)};
    for (size_t i = 0; i < slots; i++) tensor.slots[i] = run.output(step.inputs[1 + i]);
    tensor.gradient = run.input(step.inputs[1 + slots]);
    const bool counts = optimizer == Optimizer::kAdam;
    kernels::optimizer_update({.optimizer = optimizer,
                               .tensors = {tensor},
                               .tensor_count = 1,
                               .learning_rate = run.input(step.inputs[2 + slots]),
                               .step = counts ? run.input(step.inputs[3 + slots]) : nullptr,
                               .decay = optimizer == Optimizer::kMomentum ? a.momentum : a.decay,
                               .beta1 = a.beta1,
                               .beta2 = a.beta2,
                               .epsilon = static_cast<float>(a.epsilon),
                               .clip = static_cast<float>(a.clip)},
                              run.stream);
  }};
}

Kernel sgd(const Step& step, const Build&) { return optimizer(step, Optimizer::kSgd, 0); }
Kernel momentum(const Step& step, const Build&) { return optimizer(step, Optimizer::kMomentum, 1); }
Kernel adagrad(const Step& step, const Build&) { return optimizer(step, Optimizer::kAdagrad, 1); }
Kernel adadelta(const Step& step, const Build&) { return optimizer(step, Optimizer::kAdadelta, 2); }
Kernel rmsprop(const Step& step, const Build&) { return optimizer(step, Optimizer::kRmsprop, 1); }
Kernel adam(const Step& step, const Build&) { return optimizer(step, Optimizer::kAdam, 2); }

}  // namespace

void add_update_kernels(KernelTable& table) {
  table["sgd"] = sgd;
  table["momentum"] = momentum;
  table["adagrad"] = adagrad;
  table["adadelta"] = adadelta;
  table["rmsprop"] = rmsprop;
  table["adam"] = adam;
}

}  // namespace gannet::cuda
