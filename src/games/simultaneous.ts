import { advanceRandom } from '../ops/index.ts';
import { type Graph, trace } from '../tensor/trace.ts';
import { type Adversaries, lossOf } from './adversaries.ts';
import { discriminatorLoss } from './discriminating.ts';
import type { Match } from './game.ts';
import { applyGradients, discriminate, generate, parameterGradients, realImages, update } from './players.ts';
import { ONCE } from './schedule.ts';

/** The match of an adversarial game in which both networks update at once. */
export const simultaneous = (adversaries: Adversaries): Match => ({
  state: [],
  programs: [{ trace: () => simultaneousStep(adversaries), repeats: ONCE, readsImages: true }],
});

/** One update of both networks from one batch of generated images; neither sees the other's update. */
const simultaneousStep = (adversaries: Adversaries): Graph =>
  trace('simultaneous step', () => {
    const fake = generate(adversaries, adversaries.noise.latents(adversaries, 'both'));
    const real = realImages(adversaries);
    const verdicts = { real: discriminate(adversaries, real), fake: discriminate(adversaries, fake) };
    const { loss, reported } = discriminatorLoss(adversaries, { real, fake, verdicts });
    const generatorLoss = lossOf(adversaries.config).generator(verdicts.fake);
    const ofGenerator = parameterGradients(adversaries, 'generator', generatorLoss);
    update(adversaries, 'discriminator', loss);
    applyGradients(adversaries, 'generator', ofGenerator);
    advanceRandom(adversaries.random);
    return { discriminatorLoss: loss, generatorLoss, ...reported };
  });
