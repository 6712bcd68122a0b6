"""What the timing scripts share: the DCGAN's networks, a loop that times steps, and the report.

Each script times training steps of one recipe at its published widths, 64x64x3, in float32 on the CPU:

    /usr/bin/python3 scripts/bench/{dcgan,wgan_gp,began}_step.py [--batch N] [--steps N] [--threads N] [--format NAME]

It prints one line of JSON for the faster of the two memory formats: imagesPerSecond (images of one batch by the time of one step),
medianMs, peakRssBytes (the largest resident size above that after importing torch), memoryFormat, torchVersion, blas, threads,
batch, steps. The convolutions pad symmetrically, as PyTorch code does, which costs the same as SAME padding without copies for it.
Debian's torch takes whatever BLAS is installed; install libopenblas0-openmp, or the timing is that of the slow reference.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import torch
from torch import nn

IMAGE_SIZE = 64
LATENT = 128
WIDTHS = (128, 256, 512, 1024)
FORMATS = {"contiguous": torch.contiguous_format, "channelsLast": torch.channels_last}


def dcgan_discriminator(norm):
    """`norm` makes the normalisation of a number of channels."""
    layers, channels = [], 3
    for width in WIDTHS:
        layers += [nn.Conv2d(channels, width, 5, stride=2, padding=2)]
        layers += [norm(width)] if channels != 3 else []
        layers += [nn.LeakyReLU(0.2, inplace=True)]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * channels, 1)).apply(_initialize)


def dcgan_generator():
    widths = WIDTHS[::-1]
    layers = [nn.Linear(LATENT, 4 * 4 * widths[0]), nn.Unflatten(1, (widths[0], 4, 4))]
    layers += [nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)]
    for channels, width in zip(widths, widths[1:]):
        layers += [_upsampling(channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, _upsampling(widths[-1], 3), nn.Tanh()).apply(_initialize)


def _upsampling(channels, width):
    return nn.ConvTranspose2d(channels, width, 5, stride=2, padding=2, output_padding=1)


def _initialize(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


def latents(batch):
    return torch.rand(batch, LATENT) * 2 - 1


class Step:
    """A training step that can be timed: `networks` in the memory format asked for before `optimizers` are made."""

    def __init__(self, memory_format, networks):
        self.memory_format = memory_format
        self.networks = [network.to(memory_format=memory_format) for network in networks]

    def adam(self, network, learning_rate, betas):
        return torch.optim.Adam(network.parameters(), learning_rate, betas)

    def images(self, batch):
        """Random images, the batch of every step."""
        return (torch.rand(batch, 3, IMAGE_SIZE, IMAGE_SIZE) * 2 - 1).contiguous(memory_format=self.memory_format)

    def warm_up(self):
        """Whatever of a step must have run once; the whole step if not overridden."""
        self.run()

    def run(self):
        raise NotImplementedError


def minimize(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def main(build, default_batch):
    """Times `build(memory_format, batch)`, a Step, as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=default_batch)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--format", choices=FORMATS, help="time only this memory format")
    options = parser.parse_args()
    if options.format is not None:
        result = measure(build, options)
    else:
        timings = [measure_apart(name, options.threads) for name in FORMATS]
        result = max(timings, key=lambda timing: timing["imagesPerSecond"])
    print(json.dumps(result))


def measure(build, options):
    """Times the steps in one memory format; meant for a process of its own, so that the peak is this format's alone."""
    baseline = resident_bytes()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    step = build(FORMATS[options.format], options.batch)
    step.warm_up()
    milliseconds = []
    for _ in range(options.steps):
        started = time.perf_counter()
        step.run()
        milliseconds.append(1000 * (time.perf_counter() - started))
    median = statistics.median(milliseconds)
    return {
        "imagesPerSecond": round(1000 * options.batch / median, 2),
        "medianMs": round(median, 2),
        "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - baseline,
        "memoryFormat": options.format,
        "torchVersion": torch.__version__,
        "blas": loaded_blas(),
        "threads": torch.get_num_threads(),
        "batch": options.batch,
        "steps": options.steps,
    }


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def loaded_blas():
    """The BLAS library in this process: `reference` is Debian's slow default."""
    with open("/proc/self/maps") as maps:
        libraries = maps.read()
    known = [name for name in ("mkl", "openblas", "blis", "atlas") if name in libraries]
    return known[0] if known else "reference"


def measure_apart(name, threads):
    command = [sys.executable, *sys.argv, "--format", name]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout)
