import { z } from 'zod';
import { type AdversarialLossName, adversarialLosses } from '../losses/adversarial.ts';
import { ACTIVATIONS } from '../nn/activation.ts';
import { CONDITIONS } from '../nn/labels.ts';
import { MEASURES, type MeasureName } from '../nn/measures.ts';
import { NORMS } from '../nn/norms.ts';
import { OPTIMIZER_DEFAULTS, type OptimizerName } from '../optim/optimizer.ts';

/** Under which a configuration carries its own recipe along. Copies by spread have it; JSON holds the recipe's name alone. */
export const OWN_RECIPE: unique symbol = Symbol('recipe');

const names = <T extends string>(table: Record<T, unknown>) => Object.keys(table) as [T, ...T[]];
const whole = z.number().int();
const positive = whole.positive();

const optimizer = z
  .strictObject({
    name: z.enum(names<OptimizerName>(OPTIMIZER_DEFAULTS)).describe('which optimiser'),
    learningRate: z.number().positive().describe('length of its steps'),
    clip: z.number().positive().optional().describe('weights are clipped to [-clip, clip] after every update'),
    momentum: z.number().min(0).max(1).optional().describe('momentum: part of the step before that each step keeps'),
    decay: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('adadelta, rmsprop: part of the running mean of squares that each step keeps'),
    epsilon: z
      .number()
      .positive()
      .optional()
      .describe('adagrad, adadelta, rmsprop, adam: keeps the divisor of a step from 0'),
    beta1: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("adam: part of the gradient's running mean that each step keeps"),
    beta2: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('adam: part of the running mean of squares that each step keeps'),
  })
  .describe('an optimiser and its settings');

const model = z
  .strictObject({
    kernel: positive.max(7).describe('side of the convolutions'),
    width: positive.describe('channels of the layer next to the image; every halving of the image doubles them'),
    generatorNorm: z
      .enum(NORMS)
      .describe('virtual: batch norm by the moments of each image and a reference batch that is fixed at the start'),
    discriminatorNorm: z
      .enum(NORMS)
      .describe('not batch with a gradient penalty, which is defined per image; virtual as in the generator'),
    firstNorm: z.boolean().describe("whether the discriminator's first layer has the norm too"),
    generatorActivation: z.enum(ACTIVATIONS).describe("behind each of the generator's layers but the last"),
    discriminatorActivation: z.enum(ACTIVATIONS).describe("behind each of the discriminator's layers but the last"),
    // Run folders of earlier versions do not have the following.
    referenceBatch: positive.default(64).describe('images in the reference batch of virtual batch norm'),
    referenceLabels: z
      .enum(['fixed', 'batch'])
      .default('fixed')
      .describe(
        "labels that the generator's reference latents are told; fixed: those of the reference images; batch: those of the current batch",
      ),
    minibatchFeatures: whole
      .min(0)
      .default(0)
      .describe(
        'features of minibatch discrimination before the last layer of the discriminator, usually 128; 0 = none, as a gradient penalty needs it',
      ),
    minibatchDense: z
      .enum(['none', 'before', 'after', 'both'])
      .default('none')
      .describe('where fully connected layers of 256 units stand about minibatch discrimination'),
    spectralNorm: z
      .boolean()
      .default(false)
      .describe("whether the discriminator's weights are divided by their largest singular values"),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("part of the activations between the discriminator's layers that is zeroed while training"),
    minibatchDimensions: positive.default(5).describe('numbers that each of these features compares images by'),
    condition: z
      .enum(CONDITIONS)
      .default('none')
      .describe(
        "how the networks are told the labels of images; none: they are not. oneHot: beside the latents and the discriminator's features; channels: the same, and as channels of the discriminator's images; embedding: trainable ones in place of oneHot; projection: oneHot, and an inner product with the discriminator's features",
      ),
    conditionalNorm: z
      .boolean()
      .default(false)
      .describe(
        'whether the generator is told labels by its batch norms, virtual ones too, with a gain and a bias for each label, in place of beside its latents',
      ),
    embedding: positive.default(10).describe('numbers that a label becomes with condition embedding'),
  })
  .describe('parameters of the networks; which of them a recipe has, its table in the documentation tells');

const equilibrium = z
  .strictObject({
    gamma: z.number().min(0).max(1).describe('wanted ratio of the generated to the real reconstruction error'),
    lambdaK: z.number().positive().describe('how fast k follows the ratio'),
    carrySteps: whole.min(0).describe('steps in which the residual connections vanish; 0 = none from the start'),
    outputActivation: z.enum(ACTIVATIONS).describe('behind the last layer of the generator and of the decoder'),
    descriptorWindow: whole.min(0).describe('batches that the descriptor statistics remember; 0 = all'),
  })
  .describe('parameters of BEGAN');

// Run folders of earlier versions do not have it.
const extractor = z
  .strictObject({
    measures: z
      .array(z.enum(names<MeasureName>(MEASURES)))
      .describe('what formulas read off an image, each with a representative variable: brightness, sharpness'),
    labels: z
      .array(z.string())
      .describe('labels of the data that a convolutional network reads, each with a representative variable'),
    weight: z.number().positive().describe("weight of the readings' cross entropy in the generator's loss"),
    file: z
      .string()
      .optional()
      .describe('that network, as `gannet extractor train` wrote it; without it, it is trained beside the others'),
    learningRate: z.number().positive().describe('of that training'),
    smoothing: z
      .number()
      .min(0)
      .lt(0.5)
      .describe('how far its targets are from 1 for images that have the label, and from 0 for those that do not'),
  })
  .default({ measures: [], labels: [], weight: 1, learningRate: 2e-4, smoothing: 0.1 })
  .describe('what the images of an Extractor GAN are told and read by');

const decay = z
  .strictObject({
    kind: z
      .enum(['none', 'stepped', 'plateau'])
      .describe('stepped: at regular steps; plateau: where training makes no more progress'),
    factor: z.number().positive().max(1).describe('what the learning rates are multiplied by'),
    every: positive.describe('stepped: steps between two decays; plateau: steps without progress before one'),
    floor: z.number().min(0).describe('the smallest learning rate'),
  })
  .describe("decay of both learning rates; plateau watches BEGAN's convergence measure");

const augment = z
  .strictObject({
    flip: z.boolean().describe('mirrors left to right, every other time'),
    rotate: z.boolean().describe('turns by 0, 90, 180 or 270 degrees'),
    hue: z.number().min(0).max(0.5).describe('largest shift of the hue either way, in turns'),
    saturation: z.number().min(0).max(1).describe('saturation is scaled by 1 - this to 1 + this'),
    value: z.number().min(0).max(1).describe('brightness is scaled by 1 - this to 1 + this'),
  })
  .describe('random changes of the images, drawn anew in each epoch');

/** Everything a run is made from. A recipe gives every key a value; a configuration file and --set change some. */
export const configSchema = z.strictObject({
  recipe: z.string().describe('the recipe whose networks and defaults are used'),
  size: z
    .union([positive, z.tuple([positive, positive]).readonly()], {
      error: 'expected whole pixels, one number for both sides or [height, width]',
    })
    .describe('height and width of the images in pixels: one number for both, or [height, width]'),
  channels: z
    .union([z.literal(1), z.literal(3), z.literal(4)])
    .describe('1: grey, 3: colour, 4: colour and transparency'),
  latent: z.strictObject({
    size: positive.describe('numbers of a latent'),
    distribution: z
      .enum(['uniform', 'unit', 'normal', 'descriptors'])
      .describe(
        "uniform: in [-1, 1); unit: uniform in [0, 1); normal: of deviation 1; descriptors: of BEGAN's running mean and covariance",
      ),
  }),
  model,
  weights: z
    .union([z.number().positive(), z.literal('glorot')])
    .describe('initial weights: the standard deviation of a normal, or glorot: uniform, scaled by the layer'),
  loss: z.enum([...names<AdversarialLossName>(adversarialLosses), 'equilibrium']).describe('equilibrium: BEGAN'),
  gradientPenalty: z.number().min(0).describe("weight of the critic's gradient penalty; 0 = none"),
  // Run folders of version 0.1 do not have these three, nor `accumulation`.
  r1: z
    .number()
    .min(0)
    .default(0)
    .describe("weight of the penalty on the discriminator's squared slope at real images, halved; 0 = none"),
  r2: z.number().min(0).default(0).describe('the same at generated images'),
  penaltyEvery: positive
    .default(1)
    .describe('every how many discriminator updates one has its penalties, which count as many times then'),
  labels: z
    .strictObject({
      real: z.number().min(0).max(1).describe('what the discriminator is to give real images; below 1: smoothing'),
      fake: z
        .number()
        .min(0)
        .max(1)
        .describe('what it is to give generated ones; above 0: smoothing on their side too'),
      // Run folders of version 0.1 do not have it.
      flip: z
        .number()
        .min(0)
        .max(0.5)
        .default(0)
        .describe('noisy labels: probability with which an image gets the target of the other kind'),
    })
    .describe('targets of the discriminator'),
  // Run folders of version 0.1 have neither of the following.
  replay: z
    .strictObject({
      share: z
        .number()
        .min(0)
        .max(1)
        .describe(
          'part of the generated images in each discriminator update that are earlier ones, at least one image, from when the store is full; 0 = none',
        ),
      images: whole
        .min(0)
        .describe(
          'images that the store holds; each discriminator update puts one in the place of the oldest. 0 = half as many as the data has batches',
        ),
    })
    .default({ share: 0, images: 0 })
    .describe('experience replay: the discriminator sees earlier generated images again'),
  diffAugment: z
    .strictObject({
      colour: z.boolean().default(false).describe('whether brightness, saturation and contrast change'),
      translation: z
        .number()
        .min(0)
        .max(0.5)
        .default(0)
        .describe('largest shift, as a share of the side, at least a pixel; 0 = none'),
      cutout: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('side of a square that is blanked, as a share of the side, at least a pixel; 0 = none'),
    })
    .default({ colour: false, translation: 0, cutout: 0 })
    .describe('random changes of all images that the discriminator sees, through which the generator learns'),
  generator: optimizer,
  discriminator: optimizer,
  schedule: z
    .enum(['alternating', 'simultaneous'])
    .describe(
      'alternating: generator steps see the updated discriminator; simultaneous: both update from one batch of fakes',
    ),
  discriminatorSteps: positive.describe('discriminator updates per step'),
  generatorSteps: positive.describe('generator updates per step'),
  criticSchedule: z
    .enum(['constant', 'guide'])
    .describe(
      'guide: 100 discriminator updates in each of the first 100 steps and in every 500th, else discriminatorSteps',
    ),
  reuseLatents: z.boolean().describe('whether generator updates use the latents of the last discriminator update'),
  equilibrium,
  extractor,
  learningRateDecay: decay,
  ema: z.strictObject({
    halfLife: z
      .number()
      .min(0)
      .describe("images after which an average of the generator's weights has half forgotten; 0 = no average"),
  }),
  health: z.strictObject({
    collapseBelow: z
      .number()
      .min(0)
      .max(1)
      .describe(
        'a collapse is a fall of the diversity of samples below this part of the highest of the run, and of that of real images',
      ),
    collapseAfter: whole
      .min(0)
      .describe('images seen from which a diversity that has never reached collapseBelow is a collapse too'),
    onCollapse: z
      .enum(['warn', 'stop', 'rollback'])
      .describe('rollback: back to the weights of the best checkpoint, at lower learning rates'),
    // Run folders of earlier versions do not have the following.
    gradientNorms: z
      .boolean()
      .default(false)
      .describe("whether the norm of each network's gradient is reported; the weights come out the same"),
    outputHistograms: z
      .boolean()
      .default(false)
      .describe(
        "whether histograms of the discriminator's outputs for real and for generated images are recorded; the weights come out the same",
      ),
  }),
  batch: positive.describe('images per update'),
  accumulation: positive
    .default(1)
    .describe('parts of a batch that go through the networks one after another, for less memory'),
  // Run folders of earlier versions do not have it.
  syncNorm: z
    .boolean()
    .default(true)
    .describe(
      'whether batch norm takes its moments over the batch of all processes that train together; false: each over its own part',
    ),
  steps: positive.describe('how long to train'),
  epochs: positive.optional().describe('passes over the data to train for, in place of steps'),
  seed: whole
    .min(0)
    .max(2 ** 31 - 1)
    .describe('decides the initial weights and everything that is drawn at random'),
  data: z
    .string()
    .describe(
      'mnist, fashion-mnist, emoji, cifar10:DIR, celeba:DIR, flowers17:DIR, flowers102:DIR or a folder of images',
    ),
  labelFile: z
    .string()
    .optional()
    .describe(
      'file that tells the labels of a folder of images: CSV, JSON lines, or a list of attributes as CelebA has it',
    ),
  attributes: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('attributes of that file to take as labels; all without this key'),
  conditionedOn: z
    .strictObject({
      kind: z
        .enum(['classes', 'attributes'])
        .describe('classes: an image has one of the labels; attributes: it has any number of them'),
      names: z.array(z.string()).min(1).describe('the labels, in the order that the networks are told them in'),
    })
    .optional()
    .describe('labels that the networks are told, or learn to read; the data tells them'),
  crop: whole
    .min(0)
    .describe('side of the square that is cut out of the middle of each image of a folder before scaling; 0 = none'),
  maxPixels: positive.describe('files of a folder with more pixels are skipped, since they would take much memory'),
  augment,
  device: z
    .enum(['auto', 'cpu', 'cuda', 'simt'])
    .describe('what trains; auto: a GPU that is found, else the processor; simt: a simulated GPU, for tests'),
  threads: whole.min(0).describe('processor threads; 0 = all'),
  precision: z
    .enum(['auto', 'float32', 'tf32', 'bfloat16'])
    .describe('how GPUs multiply; auto: tf32 where tensor cores have it, else float32'),
  logEvery: positive.describe('steps between lines of metrics'),
  sampleEvery: positive.describe('steps between sample grids'),
  checkpointEvery: positive.describe('steps between checkpoints'),
  evaluateEvery: whole
    .min(0)
    .describe('steps between measurements of images beside real ones, the best of which marks a checkpoint; 0 = none'),
  evaluateFeatures: z
    .string()
    .describe('what they are compared by: pixels, projection, the .safetensors file of a classifier, or an .onnx file'),
  evaluateCount: positive.describe('images of either kind in a measurement, at most as many as there are real ones'),
  evaluatedBy: z
    .strictObject({
      name: z.string().describe('what the network calls itself'),
      hash: z.string().describe('checksum of its weights'),
    })
    .optional()
    .describe('the network of evaluateFeatures, which a run finds out itself'),
  keepCheckpoints: positive.describe('how many of the last checkpoints to keep'),
  sampleCount: positive.describe('images in a sample grid'),
});

/** A whole configuration: a value for every key. That of an own recipe has `options` besides, and carries the recipe along. */
export type Config = z.infer<typeof configSchema> & {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly [OWN_RECIPE]?: object;
};
/** A configuration with the keys that an own recipe has defined, `options`. */
export type ConfigWith<O extends object> = Config & { readonly options: Readonly<O> };
/** The keys of a configuration that change the networks; which of them a recipe reads, its `keys` tell. */
export type ModelConfig = Config['model'];

/** The configuration's JSON Schema, for editors and other tools. @param options what the keys of an own recipe may be */
export const configJsonSchema = (options?: z.ZodType): object =>
  z.toJSONSchema(options ? configSchema.extend({ options }) : configSchema, {
    // Of TypeScript's types; to other tools it would say that nobody may set the key.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
