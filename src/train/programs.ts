import { gradients } from '../graph/gradients.ts';
import { adversarialLosses } from '../losses/gan.ts';
import { advanceRandom, assign, reduceMean, sigmoid } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../tensor/trace.ts';
import { drawLatents } from './latents.ts';
import type { TrainingModel } from './model.ts';

/** The graphs of one training step, in the order they run, each as often as `repeats` says. */
export interface StepProgram {
  readonly graph: Graph;
  readonly repeats: number;
  /** Whether it reads a batch of real images, feed `real`. */
  readonly readsImages: boolean;
}

/** Where a program's latents come from; training draws them, a replay of recorded steps feeds them. */
export type LatentSource = (model: TrainingModel) => Tensor;

const drawn: LatentSource = ({ config, random }) =>
  drawLatents(config.latent, [config.batch, config.latent.size], read(random));

/** The programs of a model's schedule. */
export function stepPrograms(model: TrainingModel): StepProgram[] {
  const { schedule, discriminatorSteps, generatorSteps } = model.config;
  if (schedule === 'simultaneous') return [{ graph: simultaneousStep(model), repeats: 1, readsImages: true }];
  return [
    { graph: discriminatorStep(model), repeats: discriminatorSteps, readsImages: true },
    { graph: generatorStep(model), repeats: generatorSteps, readsImages: false },
  ];
}

/** One update of the discriminator on `real` [N,H,W,C] and as many generated images.
 *  Outputs, all scalar: discriminatorLoss, dReal and dFake, the mean probabilities D(x) and D(G(z)). */
export const discriminatorStep = (model: TrainingModel, latents: LatentSource = drawn): Graph =>
  trace('discriminator step', () => {
    const z = latents(model);
    if (model.latents) assign(model.latents, z);
    const { logits, loss } = judge(model, generate(model, z));
    update(model, 'discriminator', loss);
    advanceRandom(model.random);
    return { discriminatorLoss: loss, dReal: probability(logits.real), dFake: probability(logits.fake) };
  });

/** One update of the generator against the discriminator as it is. Outputs: generatorLoss and dGenerated, the mean D(G(z)). */
export const generatorStep = (model: TrainingModel, latents: LatentSource = drawn): Graph =>
  trace('generator step', () => {
    const z = model.latents ? read(model.latents) : latents(model);
    const logits = discriminate(model, generate(model, z));
    const loss = generatorLoss(model, logits);
    update(model, 'generator', loss);
    advanceRandom(model.random);
    return { generatorLoss: loss, dGenerated: probability(logits) };
  });

/** One update of both networks from one batch of generated images; neither sees the other's update. */
export const simultaneousStep = (model: TrainingModel, latents: LatentSource = drawn): Graph =>
  trace('simultaneous step', () => {
    const { logits, loss } = judge(model, generate(model, latents(model)));
    const lossOfGenerator = generatorLoss(model, logits.fake);
    const ofGenerator = parameterGradients(model, 'generator', lossOfGenerator);
    update(model, 'discriminator', loss);
    model.optimizers.generator.update(ofGenerator);
    advanceRandom(model.random);
    return {
      discriminatorLoss: loss,
      generatorLoss: lossOfGenerator,
      dReal: probability(logits.real),
      dFake: probability(logits.fake),
    };
  });

/** Images from latents [N, latent], with the running statistics of training. Feed `latents`; output `images` [N,H,W,C]. */
export const sampleProgram = ({ generator, config }: TrainingModel, count: number): Graph =>
  trace('sample', () => ({
    images: generator.apply(feed('latents', [count, config.latent.size]), { training: false }),
  }));

type Player = 'generator' | 'discriminator';

const training = (model: TrainingModel) => ({ training: true, random: read(model.random) });

const generate = (model: TrainingModel, latents: Tensor): Tensor => model.generator.apply(latents, training(model));

const discriminate = (model: TrainingModel, images: Tensor): Tensor => model.discriminator.apply(images, training(model));

function judge(model: TrainingModel, generated: Tensor) {
  const { batch, labels, loss } = model.config;
  const real = discriminate(model, feed('real', [batch, ...model.discriminator.inputShape]));
  const fake = discriminate(model, generated);
  return { logits: { real, fake }, loss: adversarialLosses[loss].discriminator(real, fake, labels) };
}

const generatorLoss = (model: TrainingModel, logits: Tensor): Tensor => adversarialLosses[model.config.loss].generator(logits);

const parameterGradients = (model: TrainingModel, player: Player, loss: Tensor): Tensor[] =>
  gradients(loss, model[player].parameters.map(read));

const update = (model: TrainingModel, player: Player, loss: Tensor): void =>
  model.optimizers[player].update(parameterGradients(model, player, loss));

const probability = (logits: Tensor): Tensor => reduceMean(sigmoid(logits));
