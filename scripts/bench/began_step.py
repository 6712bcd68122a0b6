"""The BEGAN's training step in PyTorch, for worker.py to time.

Width 128, 64 descriptors, convolutions 3x3 with ELU, residual connections that vanish (carry 1 - step / 16000), the decoder's first
map enlarged and appended at every scale. A step takes the real images into the mean and covariance of the descriptors, updates
the autoencoder and then the generator, each from latents of that distribution, with Adam(1e-4, 0.5, 0.999), then k. With the
simultaneous schedule both are updated at once from the same latents, by one pass forwards and backwards.
"""

import torch
import torch.nn.functional as F
from torch import nn

from networks import Step, minimize

WIDTH = 128
DESCRIPTORS = 64
SMALLEST = 8
SCALES = 4
GAMMA = 0.5
LAMBDA_K = 1e-3
CARRY_STEPS = 16_000
WINDOW = 1000
ADAM = {"learning_rate": 1e-4, "betas": (0.5, 0.999)}


class Convolution(nn.Module):
    """conv3 and ELU; where the shapes allow, `carry` of the input passes it by."""

    def __init__(self, inputs, outputs, stride=1, residual=True):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.residual = residual and inputs == outputs and stride == 1

    def forward(self, x, carry):
        y = F.elu(self.convolution(x), inplace=True)
        return carry * x + (1 - carry) * y if self.residual else y


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [Convolution(3, WIDTH)], WIDTH
        for scale in range(1, SCALES + 1):
            for _ in range(2):
                layers.append(Convolution(channels, WIDTH * scale))
                channels = WIDTH * scale
            if scale < SCALES:
                layers.append(Convolution(channels, channels, stride=2))
        self.layers = nn.ModuleList(layers)
        self.linear = nn.Linear(SMALLEST * SMALLEST * channels, DESCRIPTORS)

    def forward(self, x, carry):
        for layer in self.layers:
            x = layer(x, carry)
        return self.linear(x.flatten(1))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(DESCRIPTORS, SMALLEST * SMALLEST * WIDTH)
        inputs = [WIDTH, *[2 * WIDTH] * (SCALES - 1)]
        self.scales = nn.ModuleList(
            nn.ModuleList([Convolution(first, WIDTH), Convolution(WIDTH, WIDTH), Convolution(WIDTH, WIDTH)]) for first in inputs
        )
        self.last = nn.Conv2d(WIDTH, 3, 3, padding=1)

    def forward(self, descriptors, carry):
        first = x = self.linear(descriptors).unflatten(1, (WIDTH, SMALLEST, SMALLEST))
        for scale, layers in enumerate(self.scales):
            if scale > 0:
                x = torch.cat([F.interpolate(x, scale_factor=2), F.interpolate(first, scale_factor=2**scale)], 1)
            for layer in layers:
                x = layer(x, carry)
        return self.last(x)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()


class BeganStep(Step):
    def __init__(self, setting, batch, schedule="alternating"):
        super().__init__(setting, (Decoder(), Autoencoder()))
        self.play = {"alternating": self.update_in_turn, "simultaneous": self.update_at_once}[schedule]
        self.batch, self.real = batch, self.images(batch)
        self.optimizers = [self.adam(network, **ADAM) for network in self.networks]
        self.k, self.carry = torch.zeros(()), torch.ones(())
        self.mean, self.covariance, self.batches = torch.zeros(DESCRIPTORS), torch.zeros(DESCRIPTORS, DESCRIPTORS), 0

    def passes(self):
        g, d = self.networks
        return g, d.encoder, d.decoder

    def run(self):
        _, d = self.networks
        descriptors = d.encoder(self.real, self.carry)
        self.track(descriptors.detach())
        real_error, fake_error = self.play(descriptors)
        self.k = (self.k + LAMBDA_K * (GAMMA * real_error - fake_error).detach()).clamp(0, 1)
        self.carry = (self.carry - 1 / CARRY_STEPS).clamp(min=0)

    def update_in_turn(self, descriptors):
        (g, d), (g_adam, d_adam) = self.networks, self.optimizers
        with torch.no_grad():
            fake = g(self.latents(), self.carry)
        real_error = self.real_error(descriptors)
        minimize(d_adam, real_error - self.k * self.error(fake))
        d.requires_grad_(False)
        fake_error = self.error(g(self.latents(), self.carry))
        minimize(g_adam, fake_error)
        d.requires_grad_(True)
        return real_error, fake_error

    def update_at_once(self, descriptors):
        """dL(x)/dw - k dL(G(z))/dw for the autoencoder's weights: what the way back from L(G(z)) leaves there is scaled by -k before
        the one from L(x) adds to it."""
        (g, d), optimizers = self.networks, self.optimizers
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        real_error, fake_error = self.real_error(descriptors), self.error(g(self.latents(), self.carry))
        fake_error.backward()
        for weight in d.parameters():
            weight.grad.mul_(-self.k)
        real_error.backward()
        for optimizer in optimizers:
            optimizer.step()
        return real_error, fake_error

    def real_error(self, descriptors):
        _, d = self.networks
        return (self.real - d.decoder(descriptors, self.carry)).abs().mean()

    def error(self, images):
        _, d = self.networks
        return (images - d.decoder(d.encoder(images, self.carry), self.carry)).abs().mean()

    def track(self, h):
        self.batches += 1
        weight = max(1 / self.batches, 1 / WINDOW)
        centred, shift = h - h.mean(0), h.mean(0) - self.mean
        within, between = centred.T @ centred / len(h), torch.outer(shift, shift)
        self.covariance = (1 - weight) * (self.covariance + weight * between) + weight * within
        self.mean = self.mean + weight * shift

    def latents(self):
        # Without a look at whether it succeeded, which a GPU would be waited for.
        factor, _ = torch.linalg.cholesky_ex(self.covariance + 1e-5 * torch.eye(DESCRIPTORS))
        return torch.randn(self.batch, DESCRIPTORS) @ factor.T + self.mean
