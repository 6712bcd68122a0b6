import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changeOf } from '../../src/config/changes.ts';
import { type Config, type ConfigChanges, configJsonSchema, mergeChanges } from '../../src/config/index.ts';
import { leavesOf } from '../../src/config/keys.ts';
import { ConfigError } from '../../src/errors.ts';
import { printGraph } from '../../src/graph/index.ts';
import { recallConfig, recipes, resolveChanges, validateConfig } from '../../src/models/index.ts';
import { initialization } from '../../src/nn/index.ts';
import { createModel } from '../../src/train/index.ts';
import { variableGroups } from '../../src/train/model.ts';

/** Two values of every key that a step's programs or the initial weights may depend on; the first that a configuration does not have
 *  is tried. */
const VALUES: Readonly<Record<string, readonly [unknown, unknown]>> = {
  channels: [1, 3],
  batch: [5, 6],
  weights: [0.5, 'glorot'],
  'latent.size': [5, 6],
  'latent.distribution': ['uniform', 'normal'],
  'model.kernel': [3, 4],
  'model.width': [3, 4],
  'model.generatorNorm': ['layer', 'batch'],
  'model.discriminatorNorm': ['layer', 'none'],
  'model.firstNorm': [true, false],
  'model.referenceBatch': [3, 4],
  'model.referenceLabels': ['batch', 'fixed'],
  'model.generatorActivation': ['elu', 'relu'],
  'model.discriminatorActivation': ['elu', 'relu'],
  'model.spectralNorm': [true, false],
  'model.dropout': [0.2, 0.4],
  'model.minibatchFeatures': [4, 5],
  'model.minibatchDimensions': [4, 5],
  'model.minibatchDense': ['before', 'both'],
  'model.condition': ['oneHot', 'projection'],
  'model.conditionalNorm': [true, false],
  'model.embedding': [4, 5],
  loss: ['minimax', 'wasserstein'],
  gradientPenalty: [3, 4],
  r1: [3, 4],
  r2: [3, 4],
  penaltyEvery: [3, 4],
  accumulation: [2, 1],
  'labels.real': [0.9, 0.8],
  'labels.fake': [0.1, 0.2],
  'labels.flip': [0.05, 0.1],
  'replay.share': [0.5, 1],
  'replay.images': [3, 4],
  'diffAugment.colour': [true, false],
  'diffAugment.translation': [0.125, 0.25],
  'diffAugment.cutout': [0.5, 0.25],
  schedule: ['alternating', 'simultaneous'],
  discriminatorSteps: [3, 4],
  generatorSteps: [3, 4],
  criticSchedule: ['guide', 'constant'],
  reuseLatents: [true, false],
  'equilibrium.gamma': [0.3, 0.4],
  'equilibrium.lambdaK': [0.3, 0.4],
  'equilibrium.carrySteps': [3, 4],
  'equilibrium.outputActivation': ['tanh', 'elu'],
  'equilibrium.descriptorWindow': [3, 4],
  'extractor.measures': [['sharpness'], ['brightness', 'sharpness']],
  'extractor.labels': [
    ['2', '3'],
    ['4', '5', '6'],
  ],
  'extractor.weight': [0.3, 0.4],
  // The second takes the file away, where there is one.
  'extractor.file': ['epoch-25.safetensors', undefined],
  'extractor.learningRate': [0.3, 0.4],
  'extractor.smoothing': [0.3, 0.4],
  'ema.halfLife': [30, 40],
  'health.gradientNorms': [true, false],
  'health.outputHistograms': [true, false],
  ...Object.fromEntries(
    ['generator', 'discriminator'].flatMap((player) => [
      [`${player}.name`, ['adagrad', 'momentum']],
      [`${player}.learningRate`, [0.3, 0.4]],
      [`${player}.clip`, [0.3, 0.4]],
      [`${player}.momentum`, [0.3, 0.4]],
      [`${player}.decay`, [0.3, 0.4]],
      [`${player}.epsilon`, [0.3, 0.4]],
      [`${player}.beta1`, [0.3, 0.4]],
      [`${player}.beta2`, [0.3, 0.4]],
    ]),
  ),
};

/** What decides how a run goes on around its programs, as the table of keys in docs/recipes.md says. */
const OF_THE_RUN = new Set([
  ...[
    'recipe',
    'size',
    'seed',
    'data',
    'labelFile',
    'attributes',
    'conditionedOn.kind',
    'conditionedOn.names',
    'crop',
    'maxPixels',
    'syncNorm',
    'device',
    'threads',
    'precision',
    'steps',
    'epochs',
  ],
  ...['augment.flip', 'augment.rotate', 'augment.hue', 'augment.saturation', 'augment.value'],
  ...['learningRateDecay.kind', 'learningRateDecay.factor', 'learningRateDecay.every', 'learningRateDecay.floor'],
  ...['health.collapseBelow', 'health.collapseAfter', 'health.onCollapse'],
  ...['logEvery', 'sampleEvery', 'checkpointEvery', 'keepCheckpoints', 'sampleCount'],
  ...['evaluateEvery', 'evaluateFeatures', 'evaluateCount', 'evaluatedBy.name', 'evaluatedBy.hash'],
]);

/** What a change may be refused with: that it is not read, or that it does not go with the rest. */
const REFUSALS = new Set([
  'unread_key',
  'unknown_setting',
  'penalty_needs_independence',
  'batch_indivisible',
  'replay_with_penalty',
  'replay_in_parts',
]);

/** Every key that the schema has. */
const KEYS = [...leavesOf(propertiesOf(configJsonSchema() as Schema)).keys()];

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function propertiesOf({ properties = {} }: Schema): ConfigChanges {
  return Object.fromEntries(
    Object.entries(properties).map(([key, inner]) => [key, inner.properties ? propertiesOf(inner) : true]),
  );
}

/** A recipe with everything small. */
function small(name: string): ConfigChanges {
  const { sizes, keys } = recipes.find((recipe) => recipe.name === name) as (typeof recipes)[number];
  const hasWidth = keys.some(({ key }) => key === 'model.width');
  const size = [8, 16, 32].find((side) => sizes.accepts(side, side)) as number;
  return { recipe: name, size, batch: 2, latent: { size: 3 }, ...(hasWidth && { model: { width: 2 } }) };
}

/** All that a configuration makes: the initial values, the programs of a step, and how often they run. */
function made(config: Config): string {
  const model = createModel(config);
  const initial = printGraph(initialization(Object.values(variableGroups(model)).flat()));
  const programs = model.match.programs.map(
    ({ trace, repeats }) => `${printGraph(trace())} ${repeats.at(1)} ${repeats.at(101)}`,
  );
  return [initial, ...programs].join('\n');
}

/** What a change of a key comes to: `effect`, `none`, the code of a refusal, or `refused wrongly` where the key is said to be unread but
 *  changes the programs. */
function effectOf(base: ConfigChanges, unchanged: string, key: string): 'effect' | 'none' | string {
  const config = resolveChanges(base);
  const present = leavesOf(config).get(key);
  const change = changeOf(
    key,
    VALUES[key]?.find((candidate) => candidate !== present),
  );
  try {
    return made(resolveChanges(mergeChanges(base, change))) === unchanged ? 'none' : 'effect';
  } catch (error) {
    assert.instance(error, ConfigError);
    const { code, message } = error as ConfigError;
    // The key itself is meant: a change of `schedule` may be refused because of other keys, which would be unread with it.
    const isSaidToBeUnread = code === 'unread_key' && message.includes(`\n  ${key}: `);
    if (!isSaidToBeUnread) return code;
    return made(validateConfig(mergeChanges(config, change))) === unchanged ? code : 'refused wrongly';
  }
}

/** What the changes of all keys come to, by key. */
function effects(base: ConfigChanges): Record<string, string> {
  const unchanged = made(resolveChanges(base));
  return Object.fromEntries(Object.keys(VALUES).map((key) => [key, effectOf(base, unchanged, key)]));
}

/** The settings of a game in which it reads other keys than in its usual ones. */
const SETTINGS: Readonly<Record<string, readonly ConfigChanges[]>> = {
  dcgan: [
    { schedule: 'simultaneous' },
    { loss: 'wasserstein' },
    { replay: { share: 0.5, images: 2 } },
    { model: { discriminatorNorm: 'none' } },
    { model: { minibatchFeatures: 3 } },
    { model: { generatorNorm: 'virtual', discriminatorNorm: 'virtual', minibatchFeatures: 3 } },
    { model: { condition: 'embedding' } },
    { model: { condition: 'projection', conditionalNorm: true } },
    { model: { condition: 'oneHot', conditionalNorm: true, generatorNorm: 'virtual' } },
    { loss: 'leastSquares', criticSchedule: 'guide', reuseLatents: true },
    { generator: { name: 'momentum' }, discriminator: { name: 'adadelta' }, ema: { halfLife: 20 } },
  ],
  'wgan-gp': [
    { model: { discriminatorNorm: 'virtual' } },
    { schedule: 'simultaneous', accumulation: 2 },
    { r1: 1, penaltyEvery: 2 },
  ],
  'dcgan-digits': [{ loss: 'relativistic', model: { discriminatorNorm: 'none' }, r1: 1, r2: 1 }],
  'extractor-gan': [
    { extractor: { labels: ['1'] } },
    { extractor: { labels: ['1'], file: 'epoch-25.safetensors' }, schedule: 'simultaneous' },
  ],
  began: [{ schedule: 'simultaneous' }, { latent: { distribution: 'normal' }, equilibrium: { carrySteps: 0 } }],
};

test('every key is tried, or is one of the run', () => {
  assert.equal(
    KEYS.filter((key) => !(key in VALUES) && !OF_THE_RUN.has(key)),
    [],
  );
});

for (const { name } of recipes) {
  for (const changes of [{}, ...(SETTINGS[name] ?? [])]) {
    test(`${name} ${JSON.stringify(changes)}: a key changes the programs, or is refused because it would not`, () => {
      const found = effects(mergeChanges(small(name), changes));
      const ignored = Object.keys(found).filter((key) => found[key] === 'none');
      assert.equal(ignored, []);
      const refusals = new Set(Object.values(found).filter((effect) => effect !== 'effect'));
      for (const code of refusals) assert.ok(REFUSALS.has(code), code);
    });
  }
}

/** A configuration is refused for a key, and this is said. */
function refuses(changes: ConfigChanges, code: string, message: RegExp): void {
  assert.throws(
    () => resolveChanges(changes),
    (error: ConfigError) => error.code === code && message.test(error.message),
  );
}

test('a refusal says what reads the key', () => {
  refuses(
    { recipe: 'wgan-gp', labels: { real: 0.9 } },
    'unread_key',
    /labels\.real: it is read only if loss is nonSat/,
  );
  refuses({ recipe: 'dcgan-guide', discriminatorSteps: 2 }, 'unread_key', /read only if schedule is alternating/);
  refuses({ recipe: 'dcgan', equilibrium: { gamma: 0.7 } }, 'unread_key', /equilibrium\.gamma: it is read by began\n/);
  refuses(
    { recipe: 'began', loss: 'minimax', gradientPenalty: 1 },
    'unread_key',
    / {2}loss: .*\n {2}gradientPenalty: /,
  );
  refuses({ recipe: 'dcgan', learningRateDecay: { every: 9 } }, 'unread_key', /read only if learningRateDecay\.kind/);
});

test('a key that is set to what it is anyway is no change', () => {
  assert.is(resolveChanges({ recipe: 'began', discriminatorSteps: 1, labels: { real: 1 } }).recipe, 'began');
});

test('values that a game cannot act on are refused', () => {
  refuses(
    { recipe: 'dcgan', latent: { distribution: 'descriptors' } },
    'unusable_value',
    /only a game with an autoenc/,
  );
  refuses({ recipe: 'dcgan', learningRateDecay: { kind: 'plateau' } }, 'unusable_value', /waits for a measure of conv/);
  refuses({ recipe: 'dcgan', loss: 'equilibrium' }, 'unusable_value', /needs an autoencoder/);
  assert.is(
    resolveChanges({ recipe: 'began', learningRateDecay: { kind: 'plateau' } }).learningRateDecay.kind,
    'plateau',
  );
});

test('a critic is penalised with simultaneous updates too', () => {
  const { match } = createModel(resolveChanges({ ...small('wgan-gp'), schedule: 'simultaneous' }));
  const outputs = match.programs.flatMap(({ trace }) => Object.keys(trace().outputs));
  assert.ok(outputs.includes('penalty') && outputs.includes('gradientNorm'), String(outputs));
});

test('what a run of version 0.1 was given without effect is recalled as what it did', () => {
  const written = {
    ...resolveChanges({ recipe: 'dcgan' }),
    equilibrium: { ...resolveChanges({ recipe: 'dcgan' }).equilibrium, gamma: 0.7 },
    latent: { size: 3, distribution: 'descriptors' },
    learningRateDecay: { kind: 'plateau', factor: 0.3, every: 7, floor: 0 },
  };
  const recalled = recallConfig(written);
  assert.equal(recalled.latent, { size: 3, distribution: 'normal' });
  assert.is(recalled.equilibrium.gamma, 0.5);
  assert.equal(recalled.learningRateDecay, resolveChanges({ recipe: 'dcgan' }).learningRateDecay);
  assert.equal(resolveChanges(recalled), recalled);
});

test('a group that the recipe does not have is left out as a whole where nothing reads it', () => {
  const usual = resolveChanges({ recipe: 'dcgan' });
  const written = {
    ...usual,
    evaluatedBy: { name: 'pixels', hash: 'b1cc' },
    conditionedOn: { kind: 'classes', names: ['moon', 'sun'] },
  };
  assert.equal(JSON.stringify(recallConfig(written)), JSON.stringify(usual));
});

test.run();
