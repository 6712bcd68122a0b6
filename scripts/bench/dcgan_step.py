"""Times one training step of the 64x64x3 DCGAN (z 128, widths 128 to 1024) in PyTorch on the CPU, in float32.

    /usr/bin/python3 scripts/bench/dcgan_step.py [--batch 32] [--steps 5] [--warmup 2] [--threads 2]

Prints one line of JSON for the faster of the two memory formats: imagesPerSecond, medianMs, peakRssBytes (the largest
resident size above that after importing torch), memoryFormat, torchVersion, blas, threads, batch, steps.
A step is one update of the discriminator and one of the generator, each from fresh latents, with Adam(2e-4, 0.5, 0.999).
The convolutions pad symmetrically, as PyTorch code does, which costs the same as SAME padding without copies for it.
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
import torch.nn.functional as F
from torch import nn

IMAGE_SIZE = 64
LATENT = 128
WIDTHS = (128, 256, 512, 1024)
FORMATS = {"contiguous": torch.contiguous_format, "channelsLast": torch.channels_last}


def discriminator():
    layers, channels = [], 3
    for width in WIDTHS:
        layers += [nn.Conv2d(channels, width, 5, stride=2, padding=2)]
        layers += [nn.BatchNorm2d(width)] if channels != 3 else []
        layers += [nn.LeakyReLU(0.2, inplace=True)]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * channels, 1))


def generator():
    widths = WIDTHS[::-1]
    layers = [nn.Linear(LATENT, 4 * 4 * widths[0]), nn.Unflatten(1, (widths[0], 4, 4))]
    layers += [nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)]
    for channels, width in zip(widths, widths[1:]):
        layers += [upsampling(channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, upsampling(widths[-1], 3), nn.Tanh())


def upsampling(channels, width):
    return nn.ConvTranspose2d(channels, width, 5, stride=2, padding=2, output_padding=1)


def initialize(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


def latents(batch):
    return torch.rand(batch, LATENT) * 2 - 1


def train_step(networks, optimizers, real):
    g, d = networks
    g_adam, d_adam = optimizers
    batch = len(real)

    with torch.no_grad():
        fake = g(latents(batch))
    d_adam.zero_grad(set_to_none=True)
    (F.softplus(-d(real)).mean() + F.softplus(d(fake)).mean()).backward()
    d_adam.step()

    d.requires_grad_(False)
    g_adam.zero_grad(set_to_none=True)
    F.softplus(-d(g(latents(batch)))).mean().backward()
    g_adam.step()
    d.requires_grad_(True)


def measure(options):
    """Times the steps in one memory format; meant for a process of its own, so that the peak is this format's alone."""
    baseline = resident_bytes()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    memory_format = FORMATS[options.format]
    networks = [network.apply(initialize).to(memory_format=memory_format) for network in (generator(), discriminator())]
    optimizers = [torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in networks]
    real = (torch.rand(options.batch, 3, IMAGE_SIZE, IMAGE_SIZE) * 2 - 1).contiguous(memory_format=memory_format)

    milliseconds = []
    for step in range(options.warmup + options.steps):
        started = time.perf_counter()
        train_step(networks, optimizers, real)
        if step >= options.warmup:
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
    command = [sys.executable, __file__, *sys.argv[1:], "--format", name]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--format", choices=FORMATS, help="time only this memory format")
    options = parser.parse_args()
    if options.format is not None:
        result = measure(options)
    else:
        timings = [measure_apart(name, options.threads) for name in FORMATS]
        result = max(timings, key=lambda timing: timing["imagesPerSecond"])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
