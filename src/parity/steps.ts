import type { Config, ConfigChanges } from '../config/index.ts';
import type { Work } from '../device/execution.ts';
import { GannetError } from '../errors.ts';
import { buildGan, type Recipe, resolveChanges } from '../models/index.ts';
import { hasWidth } from '../models/recipe.ts';
import { initialization } from '../nn/initializers.ts';
import { type Bindings, evaluateAll } from '../oracle/evaluate.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { Variable } from '../tensor/variable.ts';
import { createModel } from '../train/index.ts';
import { variableGroups } from '../train/model.ts';
import { inputValues } from './cases/case.ts';

/** Pixels that recipes are tried at, smallest first. */
const SIZES = [8, 16, 32];

/** So large that each update moves the weights by a visible part of themselves, and what follows sees them moved. */
const LEARNING_RATE = 0.01;
const CLIP = 0.2;

/** A recipe's configuration with everything small that its keys and its networks let be small. The average of the weights is kept as
 *  well, since that belongs to a step wherever it is asked for. @throws ConfigError, ShapeError if its networks cannot be made */
export function reducedConfig(recipe: Recipe): Config {
  const { sizes, defaults } = recipe;
  const candidates: ConfigChanges[] = [
    ...SIZES.filter((size) => sizes.accepts(size, size)).map((size) => ({ size, latent: { size: 3 } })),
    { latent: { size: 3 } },
  ];
  for (const changes of candidates) {
    const config = withChanges(recipe, changes);
    if (canBeMade(config)) return config;
  }
  return withChanges(recipe, { size: defaults.size });
}

/** Networks of one's own may need more than a small image, or more latents. */
function canBeMade(config: Config): boolean {
  try {
    buildGan(config);
    return true;
  } catch (error) {
    if (error instanceof GannetError) return false;
    throw error;
  }
}

function withChanges(recipe: Recipe, small: ConfigChanges): Config {
  const { defaults } = recipe;
  const player = ({ clip, ...settings }: Config['generator']) => ({
    ...settings,
    learningRate: LEARNING_RATE,
    ...(clip !== undefined && { clip: CLIP }),
  });
  return resolveChanges({
    recipe,
    ...small,
    batch: 4,
    ema: { halfLife: 10 },
    weights: 'glorot',
    generator: player(defaults.generator),
    discriminator: player(defaults.discriminator),
    ...(hasWidth(recipe) && { model: { width: 3 } }),
  });
}

/** One training step of a reduced recipe: every program of its schedule once, from one initial state, on the same images and random
 *  numbers. @param config in place of the recipe's reduced one */
export function trainingStep(recipe: Recipe, config = reducedConfig(recipe)): Work {
  const model = createModel(config);
  const graphs = model.match.programs.map(({ trace }) => trace());
  const images = graphs.flatMap(({ feeds }) => feeds);
  return {
    graphs,
    bindings: {
      ...initialState(Object.values(variableGroups(model)).flat(), config),
      ...Object.fromEntries(
        images.map(({ attributes, shape }) => [attributes.name, inputValues({ shape, low: -1, high: 1 })]),
      ),
    },
  };
}

/** What variables hold where their initial value would hide something: a BEGAN's k of 0 the generated images, its carry of 1 the layers;
 *  no batches seen leave a covariance without a factor; a reference batch of zeros has no variance. */
const UNDERWAY: Readonly<Record<string, (shape: Shape) => Float64Array>> = {
  k: () => Float64Array.of(Math.fround(0.3)),
  carry: () => Float64Array.of(0.5),
  'descriptors.batches': () => Float64Array.of(10),
  'descriptors.covariance': ([size]) => identity(size as number),
  'reference.images': (shape) => inputValues({ shape, low: -1, high: 1 }),
  'reference.labels': (shape) => inputValues({ shape, low: 0, high: 1 }),
};

/** Slots as some steps leave them: about a thousandth of the squares of gradients, which are small where a loss is a mean over pixels and
 *  large under a gradient penalty. From zero, the first step of Adam goes by the signs of gradients alone, which rounding turns where a
 *  gradient vanishes. */
const SLOT = /\.slot\d$/;
function slotSize({ loss, gradientPenalty }: Config): number {
  if (loss === 'equilibrium') return 1e-10;
  return gradientPenalty > 0 ? 0.1 : 1e-4;
}

/** Initial values as training draws them, exact in float32. */
function initialState(variables: readonly Variable[], config: Config): Bindings {
  const zeros = Object.fromEntries(variables.map(({ name, shape }) => [name, new Float64Array(elements(shape))]));
  const { variables: drawn } = evaluateAll(initialization(variables).updates, {
    ...zeros,
    random: Float64Array.of(config.seed, 0),
  });
  const slot = slotSize(config);
  const values = variables.map(({ name, shape }, position): [string, Float64Array] => {
    const value = SLOT.test(name)
      ? inputValues({ shape, low: slot / 2, high: 2 * slot }, position)
      : (UNDERWAY[name]?.(shape) ?? (drawn[name] as Float64Array | undefined)?.map(Math.fround));
    return [name, value ?? (zeros[name] as Float64Array)];
  });
  // Step 0 of the random state was used up by the initial weights.
  return { ...Object.fromEntries(values), random: Float64Array.of(config.seed, 1) };
}

function identity(size: number): Float64Array {
  return new Float64Array(size * size).map((_, i) => Number(i % (size + 1) === 0));
}
