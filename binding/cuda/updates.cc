#include <algorithm>
#include <array>

#include "cuda/expression.h"

namespace gannet::cuda {

namespace {

using kernels::Optimizer;

bool same(const Slot& a, const Slot& b) { return a.storage == b.storage && a.offset == b.offset; }

/** How an optimiser's steps lay out their inputs: w, its slots, the gradient, the learning rate and, for adam, the count of updates. */
struct Layout {
  Optimizer optimizer;
  size_t slots;

  size_t gradient() const { return 1 + slots; }
  size_t learning_rate() const { return 2 + slots; }
  bool counts() const { return optimizer == Optimizer::kAdam; }
  size_t count() const { return 3 + slots; }

  /** Whether two steps have the same settings, rate and count. */
  bool alike(const Step& a, const Step& b) const {
    const auto settings = [](const Attributes& x) { return std::array{x.clip, x.momentum, x.epsilon, x.decay, x.beta1, x.beta2}; };
    return a.op == b.op && settings(a.attributes) == settings(b.attributes) && same(a.inputs[learning_rate()], b.inputs[learning_rate()]) &&
           (!counts() || same(a.inputs[count()], b.inputs[count()]));
  }

  /** Whether `step` reads or writes what `earlier` writes. */
  bool depends(const Step& step, const Step& earlier) const {
    return std::any_of(step.inputs.begin(), step.inputs.end(), [&](const Slot& input) {
      return std::any_of(earlier.inputs.begin(), earlier.inputs.begin() + static_cast<ptrdiff_t>(1 + slots),
                         [&](const Slot& written) { return written.overlaps(input); });
    });
  }
};

/** `step` and the steps right behind it that the same launch can do. */
std::vector<Step> steps_of_launch(const Step& step, const Layout& layout, const Build& build) {
  std::vector<Step> steps = {step};
  while (steps.size() < kernels::kMaxOptimizerTensors) {
    const Step* next = build.later(steps.size());
    if (!next || !layout.alike(step, *next)) break;
    if (std::any_of(steps.begin(), steps.end(), [&](const Step& earlier) { return layout.depends(*next, earlier); })) break;
    steps.push_back(*next);
  }
  return steps;
}

kernels::OptimizerTensor tensor_of(const Step& step, const Layout& layout, const Run& run) {
  kernels::OptimizerTensor tensor{.w = run.output(step.output),
                                  .slots = {},
                                  .gradient = nullptr,
                                  .count = count_of(step.output),
                                  .copy = run.variable(step.output).copy};
  for (size_t i = 0; i < layout.slots; i++) tensor.slots[i] = run.output(step.inputs[1 + i]);
  tensor.gradient = run.input(step.inputs[layout.gradient()]);
  return tensor;
}

/** The launch itself writes the copies of weights alone. */
void queue_copies_of_slots(const Step& step, const Layout& layout, const Run& run) {
  for (size_t i = 1; i <= layout.slots; i++) queue_copy(run.variable(step.inputs[i]), count_of(step.output), run.stream);
}

Kernel optimizer(const Step& step, const Build& build, const Layout& layout) {
  const std::vector<Step> steps = steps_of_launch(step, layout, build);
  for (const Step& each : steps) count_of(each.output);
  return {.queue =
              [steps, layout](const Run& run) {
                const Step& first = steps.front();
                const Attributes& a = first.attributes;
                kernels::OptimizerArgs args{.optimizer = layout.optimizer,
                                            .tensors = {},
                                            .tensor_count = static_cast<int>(steps.size()),
                                            .learning_rate = run.input(first.inputs[layout.learning_rate()]),
                                            .step = layout.counts() ? run.input(first.inputs[layout.count()]) : nullptr,
                                            .decay = layout.optimizer == Optimizer::kMomentum ? a.momentum : a.decay,
                                            .beta1 = a.beta1,
                                            .beta2 = a.beta2,
                                            .epsilon = static_cast<float>(a.epsilon),
                                            .clip = static_cast<float>(a.clip)};
                for (size_t i = 0; i < steps.size(); i++) args.tensors[i] = tensor_of(steps[i], layout, run);
                kernels::optimizer_update(args, run.stream);
                for (const Step& each : steps) queue_copies_of_slots(each, layout, run);
              },
          .steps = steps.size()};
}

Kernel sgd(const Step& step, const Build& build) { return optimizer(step, build, {Optimizer::kSgd, 0}); }
Kernel momentum(const Step& step, const Build& build) { return optimizer(step, build, {Optimizer::kMomentum, 1}); }
Kernel adagrad(const Step& step, const Build& build) { return optimizer(step, build, {Optimizer::kAdagrad, 1}); }
Kernel adadelta(const Step& step, const Build& build) { return optimizer(step, build, {Optimizer::kAdadelta, 2}); }
Kernel rmsprop(const Step& step, const Build& build) { return optimizer(step, build, {Optimizer::kRmsprop, 1}); }
Kernel adam(const Step& step, const Build& build) { return optimizer(step, build, {Optimizer::kAdam, 2}); }

}  // namespace

void add_update_kernels(KernelTable& table) {
  table[Op::kSgd] = sgd;
  table[Op::kMomentum] = momentum;
  table[Op::kAdagrad] = adagrad;
  table[Op::kAdadelta] = adadelta;
  table[Op::kRmsprop] = rmsprop;
  table[Op::kAdam] = adam;
}

}  // namespace gannet::cuda
