import type { Config } from '../config/schema.ts';
import type { Verdicts } from '../losses/index.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import { advanceRandom, assign, concat, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, read, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { type Adversaries, lossOf } from './adversaries.ts';
import { discriminatorLoss, measure } from './discriminating.ts';
import type { Match } from './game.ts';
import { discriminate, generate, type Players, realImages, update } from './players.ts';
import { asInGuide, constantly } from './schedule.ts';

/** The match of an adversarial game in which the discriminator updates, then the generator against the updated discriminator. */
export function alternating(adversaries: Adversaries): Match {
  const { config } = adversaries;
  const latents = config.reuseLatents ? keptLatents(config) : undefined;
  const critic = config.criticSchedule === 'guide' ? asInGuide : constantly;
  return {
    state: latents ? [latents] : [],
    programs: [
      {
        trace: () => discriminatorStep(adversaries, latents),
        repeats: critic(config.discriminatorSteps),
        readsImages: true,
      },
      {
        trace: () => generatorStep(adversaries, latents),
        repeats: constantly(config.generatorSteps),
        readsImages: false,
      },
    ],
  };
}

/** What the last discriminator update drew, [batch, latent]. */
const keptLatents = ({ batch, latent }: Config): Variable => statistic('latents', [batch, latent.size], zeros);

/** One update of the discriminator on `real` [N,H,W,C] and as many generated images, whose latents `kept` remembers if it is given. */
const discriminatorStep = (adversaries: Adversaries, kept: Variable | undefined): Graph =>
  trace('discriminator step', () => {
    const z = adversaries.noise.latents(adversaries, 'discriminator');
    if (kept) assign(kept, z);
    const real = realImages(adversaries);
    const fake = generate(adversaries, z);
    const { loss, reported } = discriminatorLoss(adversaries, { real, fake, verdicts: judge(adversaries, real, fake) });
    update(adversaries, 'discriminator', loss);
    advanceRandom(adversaries.random);
    return { discriminatorLoss: loss, ...reported };
  });

/** One update of the generator against the discriminator as it is. */
const generatorStep = (adversaries: Adversaries, kept: Variable | undefined): Graph =>
  trace('generator step', () => {
    const z = kept ? read(kept) : adversaries.noise.latents(adversaries, 'generator');
    const { generator, generatorMonitors } = lossOf(adversaries.config);
    const verdict = discriminate(adversaries, generate(adversaries, z));
    const loss = generator(verdict);
    update(adversaries, 'generator', loss);
    advanceRandom(adversaries.random);
    return { generatorLoss: loss, ...measure(generatorMonitors, verdict) };
  });

/** Real and generated images as one batch where no image influences another's verdict; batch norm wants each kind by itself. */
function judge(players: Players, real: Tensor, fake: Tensor): Verdicts {
  if (players.discriminator.mixesSamples)
    return { real: discriminate(players, real), fake: discriminate(players, fake) };
  const both = discriminate(players, concat([real, fake], 0));
  const { batch } = players.config;
  return { real: slice(both, [0, 0], [batch, 1]), fake: slice(both, [batch, 0], [batch, 1]) };
}
