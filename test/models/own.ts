import { z } from 'zod';
import type { ConfigWith } from '../../src/config/index.ts';
import { conditionedOn, imageShapeOf } from '../../src/config/index.ts';
import { defineRecipe } from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';

const schema = z.object({
  depth: z.number().int().min(1).max(3).default(1),
  dropout: z.number().min(0).max(0.9).default(0),
});

/** What the networks of `own` may be told. */
export type OwnOptions = z.infer<typeof schema>;

/** A conditional GAN of a few layers with keys of its own; `dropout` is read only where `depth` is above 1. */
export const own = defineRecipe({
  name: 'own',
  summary: 'a conditional GAN of a test',
  schema,
  networks,
  defaults: {
    size: 16,
    channels: 1,
    latent: { size: 4 },
    model: { condition: 'oneHot' },
    loss: 'hinge',
    r1: 1,
    generator: { name: 'rmsprop', learningRate: 1e-3 },
    ema: { halfLife: 100 },
  },
});

function networks(config: ConfigWith<OwnOptions>) {
  const { latent, options } = config;
  const classes = conditionedOn(config).names.length;
  const hidden = (units: number) =>
    Array.from({ length: options.depth }, () =>
      nn.block({
        transform: nn.linear([units]),
        activation: 'leakyRelu',
        ...(options.depth > 1 && { dropout: options.dropout }),
      }),
    );
  return {
    generator: nn.sequential(
      'generator',
      [latent.size],
      [
        nn.besideLabels(classes),
        ...hidden(8),
        nn.block({ transform: nn.linear(imageShapeOf(config)), activation: 'tanh' }),
      ],
    ),
    discriminator: nn.sequential('discriminator', imageShapeOf(config), [
      nn.besideLabels(classes),
      ...hidden(8),
      nn.block({ transform: nn.linear([1]), spectral: true }),
    ]),
  };
}
