import { uses } from '../config/keys.ts';
import { learnsLabels, readsLabels, representativesOf, trainsExtractor } from '../config/representatives.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Monitor, Monitors } from '../losses/index.ts';
import { read } from '../tensor/trace.ts';
import { adversarial, playAdversarially } from './adversarial.ts';
import { createExtractor } from './extractor.ts';
import type { Game, NoiseSource } from './game.ts';
import { drawWithRepresentatives } from './latents.ts';
import { drawnNoise } from './players.ts';

const extractionMonitor: Monitor = {
  label: 'extraction',
  panel: 'cross entropy of the readings',
  meaning: 'loss',
  unit: '',
};

const monitors = (config: Config): Monitors => ({
  ...adversarial.monitors(config),
  extraction: extractionMonitor,
  ...(learnsLabels(config) && { extractorLoss: { ...extractionMonitor, label: 'lossF', panel: 'losses' } }),
});

/** The game of an Extractor GAN: the adversarial one, in which the generator is given representative variables beside its noise, each 0 or
 *  1 with equal probability, and wants extractors to read them off its images. An extractor is a formula of the image, or a network
 *  that reads a label, trained before or beside the two networks. */
export const extraction: Game = {
  ...adversarial,
  name: 'extraction',
  keys: [
    ...adversarial.keys,
    ...uses(['extractor.measures', 'extractor.labels', 'extractor.weight']),
    ...uses(['extractor.file'], readsLabels),
    ...uses(['extractor.learningRate', 'extractor.smoothing'], trainsExtractor),
  ],
  monitors,
  start(players, noise) {
    expectVariables(players.config);
    const extractor = createExtractor(players.config);
    const match = playAdversarially(players, noise ?? drawn, extractor);
    return { ...match, state: [...match.state, ...extractor.state], readings: extractor.readings };
  },
};

const drawn: NoiseSource = {
  ...drawnNoise,
  latents: ({ config, random }) =>
    drawWithRepresentatives(config.latent, config.batch, representativesOf(config).length, read(random)),
};

/** @throws ConfigError extractor_idle, extractor_repeated */
function expectVariables(config: Config): void {
  const names = representativesOf(config);
  if (names.length === 0) {
    throw new ConfigError(
      'extractor_idle',
      `extractor: recipe '${config.recipe}' needs something to read off images, but both extractor.measures and extractor.labels are empty. Name brightness or sharpness in the one, or labels of the data in the other.`,
    );
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated === undefined) return;
  throw new ConfigError(
    'extractor_repeated',
    `extractor: '${repeated}' is named twice, and would have two representative variables. Name it once.`,
  );
}
