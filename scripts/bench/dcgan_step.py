"""The DCGAN's training step in PyTorch, for worker.py to time.

A step is one update of the discriminator and one of the generator, each from fresh latents, with Adam(2e-4, 0.5, 0.999).
"""

import torch
import torch.nn.functional as F
from torch import nn

from networks import Step, dcgan_discriminator, dcgan_generator, latents, minimize

ADAM = {"learning_rate": 2e-4, "betas": (0.5, 0.999)}


class DcganStep(Step):
    def __init__(self, setting, batch, kernel):
        super().__init__(setting, (dcgan_generator(kernel), dcgan_discriminator(nn.BatchNorm2d, kernel)))
        self.batch, self.real = batch, self.images(batch)
        self.optimizers = [self.adam(network, **ADAM) for network in self.networks]

    def run(self):
        (g, d), (g_adam, d_adam) = self.networks, self.optimizers
        with torch.no_grad():
            fake = g(latents(self.batch))
        minimize(d_adam, F.softplus(-d(self.real)).mean() + F.softplus(d(fake)).mean())
        d.requires_grad_(False)
        minimize(g_adam, F.softplus(-d(g(latents(self.batch)))).mean())
        d.requires_grad_(True)
