import { advanceRandom } from '../ops/index.ts';
import { type Graph, trace } from '../tensor/trace.ts';
import { type Adversaries, judge } from './adversaries.ts';
import { discriminatorLoss } from './discriminating.ts';
import type { Match } from './game.ts';
import { generatorLoss, learnToRead } from './generating.ts';
import { updateInParts } from './parts.ts';
import { takingTurns, withLastPenalties } from './penalties.ts';
import { generate, realImages } from './players.ts';
import { judgeShown, replayed } from './replay.ts';
import { ONCE } from './schedule.ts';

/** The match of an adversarial game in which both networks update at once. */
export const simultaneous = (adversaries: Adversaries): Match => ({
  state: [],
  programs: takingTurns(adversaries.config, ONCE, (isPenalised) => simultaneousStep(adversaries, isPenalised)),
});

/** One update of both networks from one batch of generated images; neither sees the other's update. */
const simultaneousStep = (adversaries: Adversaries, isPenalised: boolean): Graph =>
  trace(isPenalised ? 'simultaneous step' : 'simultaneous step without penalties', () => {
    const inputs = { latents: adversaries.noise.latents(adversaries, 'both'), real: realImages(adversaries) };
    const outputs = updateInParts(adversaries, inputs, (part, { latents, real }) => {
      const fake = generate(part, latents);
      const shown = replayed(part, fake);
      const verdicts = { real: judge(part, real, 'real'), fake: judgeShown(part, shown) };
      const { loss, reported, rows } = discriminatorLoss(part, { real, fake: shown.images, verdicts }, isPenalised);
      // The generator has not drawn all that was shown where earlier images were among it.
      const verdict = part.replay ? judge(part, fake, 'fresh') : verdicts.fake;
      const made = generatorLoss(part, { latents, images: fake, verdict }, () => verdicts.real);
      return {
        losses: { discriminator: loss, generator: made.loss },
        reported: { ...reported, ...made.reported },
        rows,
      };
    });
    const learned = learnToRead(adversaries, inputs.real);
    advanceRandom(adversaries.random);
    return { ...withLastPenalties(adversaries, outputs), ...learned };
  });
