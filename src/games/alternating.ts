import type { Verdicts } from '../losses/index.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import { advanceRandom, assign, concat, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, read, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { type Adversaries, asSeen, judge, lossOf } from './adversaries.ts';
import { discriminatorLoss, measure } from './discriminating.ts';
import type { Match } from './game.ts';
import { generatorLoss, learnToRead } from './generating.ts';
import { updateInParts } from './parts.ts';
import { penalisesOneKind, takingTurns, withLastPenalties } from './penalties.ts';
import { discriminate, generate, realImages } from './players.ts';
import { judgeShown, replayed, type Shown } from './replay.ts';
import { asInGuide, constantly } from './schedule.ts';

/** The match of an adversarial game in which the discriminator updates, then the generator against the updated discriminator. */
export function alternating(adversaries: Adversaries): Match {
  const { config } = adversaries;
  const latents = config.reuseLatents ? keptLatents(adversaries) : undefined;
  const critic = config.criticSchedule === 'guide' ? asInGuide : constantly;
  return {
    state: latents ? [latents] : [],
    programs: [
      ...takingTurns(config, critic(config.discriminatorSteps), (isPenalised) =>
        discriminatorStep(adversaries, latents, isPenalised),
      ),
      {
        trace: () => generatorStep(adversaries, latents),
        repeats: constantly(config.generatorSteps),
        readsImages: lossOf(config).isRelative,
      },
    ],
  };
}

/** What the last discriminator update drew, [batch, latent]. */
const keptLatents = ({ config, generator }: Adversaries): Variable =>
  statistic('latents', [config.batch, ...generator.inputShape], zeros);

/** One update of the discriminator on `real` [N,H,W,C] and as many generated images, whose latents `kept` remembers if it is given. */
const discriminatorStep = (adversaries: Adversaries, kept: Variable | undefined, isPenalised: boolean): Graph =>
  trace(isPenalised ? 'discriminator step' : 'discriminator step without penalties', () => {
    const latents = adversaries.noise.latents(adversaries, 'discriminator');
    if (kept) assign(kept, latents);
    const real = realImages(adversaries);
    const outputs = updateInParts(adversaries, { latents, real }, (part, inputs) => {
      const shown = replayed(part, generate(part, inputs.latents));
      const judged = { real: inputs.real, fake: shown.images, verdicts: judgeBoth(part, inputs.real, shown) };
      const { loss, ...put } = discriminatorLoss(part, judged, isPenalised);
      return { losses: { discriminator: loss }, ...put };
    });
    const learned = learnToRead(adversaries, real);
    advanceRandom(adversaries.random);
    return { ...withLastPenalties(adversaries, outputs), ...learned };
  });

/** One update of the generator against the discriminator as it is, on `real` [N,H,W,C] as well with a relative loss. */
const generatorStep = (adversaries: Adversaries, kept: Variable | undefined): Graph =>
  trace('generator step', () => {
    const { generatorMonitors, isRelative } = lossOf(adversaries.config);
    const latents = kept ? read(kept) : adversaries.noise.latents(adversaries, 'generator');
    const inputs: { latents: Tensor; real?: Tensor } = {
      latents,
      ...(isRelative && { real: realImages(adversaries) }),
    };
    const outputs = updateInParts(adversaries, inputs, (part, { latents: z, real }) => {
      const images = generate(part, z);
      const verdict = judge(part, images, 'fake');
      const made = generatorLoss(part, { latents: z, images, verdict }, () => judge(part, real as Tensor, 'real'));
      return {
        losses: { generator: made.loss },
        reported: { ...measure(generatorMonitors, verdict), ...made.reported },
      };
    });
    advanceRandom(adversaries.random);
    return outputs;
  });

/** Real and generated images as one batch where no image influences another's verdict; batch norm wants each kind by itself. */
function judgeBoth(adversaries: Adversaries, real: Tensor, shown: Shown): Verdicts {
  const { config, discriminator, labels } = adversaries;
  if (discriminator.mixesSamples || penalisesOneKind(config))
    return { real: judge(adversaries, real, 'real'), fake: judgeShown(adversaries, shown) };
  const both = discriminate(
    adversaries,
    concat([asSeen(adversaries, real, 'real'), asSeen(adversaries, shown.images, 'fake')], 0),
    labels && shown.labels && concat([labels(), shown.labels], 0),
  );
  const { batch } = config;
  return { real: slice(both, [0, 0], [batch, 1]), fake: slice(both, [batch, 0], [batch, 1]) };
}
