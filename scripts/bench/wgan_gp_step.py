"""The training step of the Wasserstein GAN with gradient penalty in PyTorch, for worker.py to time.

A step is five updates of the critic and one of the generator, each from fresh latents, with Adam(1e-4, 0, 0.9); lambda is 10.
"""

import torch

from networks import Step, critic, dcgan_generator, latents, minimize, slope_penalty

CRITIC_UPDATES = 5
PENALTY_WEIGHT = 10
ADAM = {"learning_rate": 1e-4, "betas": (0.0, 0.9)}


class WganGpStep(Step):
    def __init__(self, setting, batch):
        super().__init__(setting, (dcgan_generator(), critic()))
        self.batch, self.real = batch, self.images(batch)
        self.optimizers = [self.adam(network, **ADAM) for network in self.networks]

    def warm_up(self):
        self.update_critic()
        self.update_generator()

    def run(self):
        for _ in range(CRITIC_UPDATES):
            self.update_critic()
        self.update_generator()

    def update_critic(self):
        (g, critic), (_, critic_adam) = self.networks, self.optimizers
        with torch.no_grad():
            fake = g(latents(self.batch))
        game = critic(fake).mean() - critic(self.real).mean()
        minimize(critic_adam, game + PENALTY_WEIGHT * self.penalty(critic, fake))

    def penalty(self, critic, fake):
        return slope_penalty(critic, torch.lerp(fake.float(), self.real, torch.rand(self.batch, 1, 1, 1)).requires_grad_())

    def update_generator(self):
        (g, critic), (g_adam, _) = self.networks, self.optimizers
        critic.requires_grad_(False)
        minimize(g_adam, -critic(g(latents(self.batch))).mean())
        critic.requires_grad_(True)
