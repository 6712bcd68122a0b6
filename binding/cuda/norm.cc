#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

int channels_of(const Step& step) { return narrow(step.output.shape.back()); }

/** x [N,...,C], gain and bias [C] -> [N,...,C], with moments over all axes but the last. */
Kernel batch_norm(const Step& step, const Build&) {
  const int channels = channels_of(step);
  const kernels::BatchNormArgs args{
      .rows = count_of(step.output) / channels, .channels = channels, .epsilon = static_cast<float>(step.attributes.epsilon)};
  return {[step, args](const Run& run) {
            kernels::BatchNormArgs bound = args;
            bound.y = run.output(step.output);
            bound.x = run.input(step.inputs[0]);
            bound.gain = run.input(step.inputs[1]);
            bound.bias = run.input(step.inputs[2]);
            bound.workspace = run.workspace;
            kernels::batch_norm(bound, run.stream);
          },
          kernels::batch_norm_workspace_bytes(args)};
}

/** x [N,...,C], gain [C], dy [N,...,C] -> dx [N,...,C] */
Kernel batch_norm_gradient(const Step& step, const Build&) {
  const int channels = channels_of(step);
  const kernels::BatchNormGradientArgs args{
      .rows = count_of(step.output) / channels, .channels = channels, .epsilon = static_cast<float>(step.attributes.epsilon)};
  return {[step, args](const Run& run) {
            kernels::BatchNormGradientArgs bound = args;
            bound.dx = run.output(step.output);
            bound.x = run.input(step.inputs[0]);
            bound.gain = run.input(step.inputs[1]);
            bound.dy = run.input(step.inputs[2]);
            bound.workspace = run.workspace;
            kernels::batch_norm_gradient(bound, run.stream);
          },
          kernels::batch_norm_gradient_workspace_bytes(args)};
}

/** x [N,...,C], gain and bias [C] -> [N,...,C], with moments over all axes but the first. */
Kernel layer_norm(const Step& step, const Build&) {
  const int samples = narrow(step.output.shape[0]);
  const kernels::LayerNormArgs args{.samples = samples,
                                    .elements = count_of(step.output) / samples,
                                    .channels = channels_of(step),
                                    .epsilon = static_cast<float>(step.attributes.epsilon)};
  return {[step, args](const Run& run) {
            kernels::LayerNormArgs bound = args;
            bound.y = run.output(step.output);
            bound.x = run.input(step.inputs[0]);
            bound.gain = run.input(step.inputs[1]);
            bound.bias = run.input(step.inputs[2]);
            bound.workspace = run.workspace;
            kernels::layer_norm(bound, run.stream);
          },
          kernels::layer_norm_workspace_bytes(args)};
}

/** x [N,...,C], gain [C], dy [N,...,C] -> dx [N,...,C] */
Kernel layer_norm_gradient(const Step& step, const Build&) {
  const int samples = narrow(step.output.shape[0]);
  const kernels::LayerNormGradientArgs args{.samples = samples,
                                            .elements = count_of(step.output) / samples,
                                            .channels = channels_of(step),
                                            .epsilon = static_cast<float>(step.attributes.epsilon)};
  return {[step, args](const Run& run) {
            kernels::LayerNormGradientArgs bound = args;
            bound.dx = run.output(step.output);
            bound.x = run.input(step.inputs[0]);
            bound.gain = run.input(step.inputs[1]);
            bound.dy = run.input(step.inputs[2]);
            bound.workspace = run.workspace;
            kernels::layer_norm_gradient(bound, run.stream);
          },
          kernels::layer_norm_gradient_workspace_bytes(args)};
}

}  // namespace

void add_norm_kernels(KernelTable& table) {
  table["batchNorm"] = batch_norm;
  table["batchNormGradient"] = batch_norm_gradient;
  table["layerNorm"] = layer_norm;
  table["layerNormGradient"] = layer_norm_gradient;
}

}  // namespace gannet::cuda
