"""What worker.py times: each op of src/bench/op_graphs.ts, and whole training steps, under the names that are used there.

A builder takes the Setting and what src/bench tells of the work, and returns a Task. Tensors are made on the default device.
"""

import torch
import torch.nn.functional as F

from began_step import BeganStep
from dcgan_step import DcganStep
from networks import IMAGE_SIZE, critic, padding, slope_penalty
from wgan_gp_step import WganGpStep

EPSILON = 1e-5
SLOPE = 0.2


class Task:
    """Work that can be timed: `run` does it once, `warm_up` whatever of it must have run before."""

    def __init__(self, run):
        self.run = self.warm_up = run


class Replayed:
    """Work that was captured as one CUDA graph, after what its first runs set up."""

    def __init__(self, task):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                task.run()
        torch.cuda.current_stream().wait_stream(side)
        self.task, self.graph = task, torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            task.run()

    def run(self):
        self.graph.replay()

    warm_up = run


def build(setting, op, **about):
    """@raises RuntimeError where the form asked for cannot do this work"""
    task = BUILDERS[op](setting, **about)
    return Replayed(task) if setting.form == "graph" else task


def conv(setting, batch, size, inputs, outputs, kernel, stride, direction):
    x = images(setting, batch, size, size, inputs)
    w = images(setting, outputs, kernel, kernel, inputs)
    around = [padding(kernel)] * 2
    if direction == "forward":
        return Task(lambda: F.conv2d(x, w, stride=stride, padding=around))
    dy = torch.rand_like(F.conv2d(x, w, stride=stride, padding=around))
    wanted = [direction == "inputGradient", direction == "filterGradient", False]
    geometry = ([stride] * 2, around, [1, 1], False, [0, 0], 1)
    return Task(lambda: torch.ops.aten.convolution_backward(dy, x, w, None, *geometry, wanted))


def linear(setting, batch, inputs, outputs, direction):
    x, w, dy = (torch.rand(*shape, dtype=setting.activations) for shape in ((batch, inputs), (inputs, outputs), (batch, outputs)))
    return Task({"forward": lambda: x @ w, "inputGradient": lambda: dy @ w.T, "filterGradient": lambda: x.T @ dy}[direction])


def norm(setting, norm, backward, shape):
    x, dy = images(setting, *shape), images(setting, *shape)
    gain, bias = (torch.rand(shape[-1], dtype=setting.activations) for _ in range(2))
    apply = {
        "batch": lambda: F.batch_norm(x, None, None, gain, bias, training=True, eps=EPSILON),
        "layer": lambda: F.group_norm(x, 1, gain, bias, EPSILON),
    }[norm]
    if not backward:
        return Task(apply)
    wanted = [tensor.requires_grad_() for tensor in (x, gain, bias)]
    return Task(lambda: torch.autograd.grad(apply(), wanted, dy))


def pointwise(setting, fn, shape):
    x, other = images(setting, *shape), images(setting, *shape)
    bias, carry = torch.rand(shape[-1], 1, 1, dtype=setting.activations), torch.rand(())
    weights = torch.rand(shape[0], 1, 1, 1, dtype=setting.activations)
    return Task(
        {
            "biasLeakyRelu": lambda: F.leaky_relu(x + bias, SLOPE, inplace=True),
            "biasEluResidual": lambda: carry * other + (1 - carry) * F.elu(x + bias, inplace=True),
            "mix": lambda: torch.lerp(x, other, weights),
        }[fn]
    )


def adam(setting, shape):
    weight = torch.rand(shape, requires_grad=True)
    weight.grad = torch.rand(shape)
    return Task(setting.adam([weight], 2e-4, (0.5, 0.999)).step)


def critic_pass(setting, batch, width, direction):
    network = critic().to(memory_format=setting.memory_format)
    setting.tune(network)
    assert width == network[0].out_channels, "the critic is timed at its published width"
    x = images(setting, batch, IMAGE_SIZE, IMAGE_SIZE, 3).requires_grad_()
    if direction == "inputGradient":
        network.requires_grad_(False)
    weights = list(network.parameters())

    def forward():
        with torch.no_grad():
            network(x)

    return Task(
        {
            "forward": forward,
            "inputGradient": lambda: torch.autograd.grad(network(x).sum(), x),
            "penaltyGradient": lambda: torch.autograd.grad(slope_penalty(network, x), weights, allow_unused=True),
        }[direction]
    )


def step(setting, recipe, batch, **about):
    return {"dcgan": DcganStep, "wgan-gp": WganGpStep, "began": BeganStep}[recipe](setting, batch, **about)


BUILDERS = {
    "conv": conv,
    "linear": linear,
    "norm": norm,
    "pointwise": pointwise,
    "adam": adam,
    "critic": critic_pass,
    "step": step,
}


def images(setting, batch, height, width, channels):
    values = torch.rand(batch, channels, height, width, dtype=setting.activations)
    return values.contiguous(memory_format=setting.memory_format)
