"""What the steps and the ops that worker.py times share: the DCGAN's networks, and what a step needs besides.

The convolutions pad symmetrically, as PyTorch code does, which costs the same as SAME padding without copies for it.
"""

import torch
from torch import nn

IMAGE_SIZE = 64
LATENT = 128
WIDTHS = (128, 256, 512, 1024)


def padding(kernel):
    """Of a window that, with a stride of 2, halves an even size."""
    return (kernel - 1) // 2


def dcgan_discriminator(norm, kernel=5):
    """`norm` makes the normalisation of a number of channels."""
    layers, channels = [], 3
    for width in WIDTHS:
        layers += [nn.Conv2d(channels, width, kernel, stride=2, padding=padding(kernel))]
        layers += [norm(width)] if channels != 3 else []
        layers += [nn.LeakyReLU(0.2, inplace=True)]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * channels, 1)).apply(_initialize)


def critic():
    """The discriminator with layer norm, over each image with a gain and a bias per channel: a group norm of one group."""
    return dcgan_discriminator(lambda width: nn.GroupNorm(1, width))


def slope_penalty(critic, images):
    """Mean (norm - 1)^2 of the critic's gradient at `images`, which require gradients."""
    (slope,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return ((slope.square().sum((1, 2, 3)) + 1e-12).sqrt() - 1).square().mean()


def dcgan_generator(kernel=5):
    widths = WIDTHS[::-1]
    layers = [nn.Linear(LATENT, 4 * 4 * widths[0]), nn.Unflatten(1, (widths[0], 4, 4))]
    layers += [nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)]
    for channels, width in zip(widths, widths[1:]):
        layers += [_upsampling(channels, width, kernel), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, _upsampling(widths[-1], 3, kernel), nn.Tanh()).apply(_initialize)


def _upsampling(channels, width, kernel):
    around = padding(kernel)
    return nn.ConvTranspose2d(channels, width, kernel, stride=2, padding=around, output_padding=2 - kernel + 2 * around)


def _initialize(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


def latents(batch):
    return torch.rand(batch, LATENT) * 2 - 1


class Step:
    """A training step that can be timed: `networks` in the memory format asked for before `optimizers` are made."""

    def __init__(self, setting, networks):
        self.setting = setting
        self.networks = [network.to(memory_format=setting.memory_format) for network in networks]
        setting.tune(*self.passes())

    def passes(self):
        """The modules that a step calls; the networks if not overridden."""
        return self.networks

    def adam(self, network, learning_rate, betas):
        return self.setting.adam(network.parameters(), learning_rate, betas)

    def images(self, batch):
        """Random images, the batch of every step."""
        return (torch.rand(batch, 3, IMAGE_SIZE, IMAGE_SIZE) * 2 - 1).contiguous(memory_format=self.setting.memory_format)

    def warm_up(self):
        """Whatever of a step must have run once; the whole step if not overridden."""
        self.run()

    def run(self):
        raise NotImplementedError


def minimize(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
