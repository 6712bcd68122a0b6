import { advanceRandom } from '../ops/index.ts';
import { type Graph, trace } from '../tensor/trace.ts';
import { discriminatorLoss, lossOf } from './discriminating.ts';
import type { Match, NoiseSource } from './game.ts';
import {
  applyGradients,
  discriminate,
  generate,
  type Players,
  parameterGradients,
  realImages,
  update,
} from './players.ts';
import { ONCE } from './schedule.ts';

/** The match of an adversarial game in which both networks update at once. */
export const simultaneous = (players: Players, noise: NoiseSource): Match => ({
  state: [],
  programs: [{ trace: () => simultaneousStep(players, noise), repeats: ONCE, readsImages: true }],
});

/** One update of both networks from one batch of generated images; neither sees the other's update. */
const simultaneousStep = (players: Players, noise: NoiseSource): Graph =>
  trace('simultaneous step', () => {
    const fake = generate(players, noise.latents(players, 'both'));
    const real = realImages(players);
    const verdicts = { real: discriminate(players, real), fake: discriminate(players, fake) };
    const { loss, reported } = discriminatorLoss(players, { real, fake, verdicts }, noise);
    const generatorLoss = lossOf(players.config).generator(verdicts.fake);
    const ofGenerator = parameterGradients(players, 'generator', generatorLoss);
    update(players, 'discriminator', loss);
    applyGradients(players, 'generator', ofGenerator);
    advanceRandom(players.random);
    return { discriminatorLoss: loss, generatorLoss, ...reported };
  });
