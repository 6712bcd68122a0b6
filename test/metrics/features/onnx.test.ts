import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GannetError } from '../../../src/errors.ts';
import { featureMatrix } from '../../../src/metrics/feature_matrix.ts';
import type { FeatureExtractor } from '../../../src/metrics/features/extractor.ts';
import { onnxFeatures } from '../../../src/metrics/features/onnx.ts';
import { readOnnxDescription } from '../../../src/metrics/features/onnx_description.ts';
import { temporaryFolder } from '../../data/temporary.ts';
import { assertAllClose } from '../fixture.ts';
import { images } from '../images.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/onnx', import.meta.url));

/** A copy of a network whose output `means` [N,3,1,1] holds the means of the channels (scripts/fixtures/onnx_features.py), described. */
function network(description: object | undefined, file = 'means.onnx'): string {
  const path = join(temporaryFolder(), file);
  cpSync(join(fixtures, file), path);
  if (description) writeFileSync(path.replace('.onnx', '.json'), JSON.stringify(description));
  return path;
}

const MEANS = { size: 8, features: 'means' };

async function using<T>(path: string, use: (extractor: FeatureExtractor) => Promise<T>): Promise<T> {
  const extractor = await onnxFeatures(path, { threads: 1 });
  return use(extractor).finally(() => extractor.close());
}

/** The error that opening a network, or a use of it, ends with. */
async function refusal(path: string, use = async (_: FeatureExtractor): Promise<unknown> => undefined) {
  return using(path, use).then(
    () => ({ code: 'nothing', message: '' }),
    ({ code, message }: GannetError) => ({ code, message }),
  );
}

const colours = images(6, [8, 8], 3, (image, y, _x, channel) => 10 * image + y + 60 * channel);
/** The means of its channels, from 0 to 255. */
const means = Array.from({ length: 18 }, (_, at) => 10 * Math.floor(at / 3) + 3.5 + 60 * (at % 3));

test('a description is checked before anything is opened, and the message shows one', async () => {
  const codes = async (description: object | undefined) => {
    const error = await readOnnxDescription(network(description)).catch((caught: GannetError) => caught);
    return error instanceof Error ? [error.code, /\{"size": 299/.test(error.message)] : [];
  };
  assert.equal(await codes(undefined), ['network_description', true]);
  assert.equal(await codes({ size: 8 }), ['network_description', true]);
  assert.equal(await codes({ ...MEANS, scale: 2 }), ['network_description', true]);
  assert.equal(await codes({ ...MEANS, mean: [1, 2] }), ['network_description', true]);
  assert.equal((await readOnnxDescription(network(MEANS))).size, [8, 8]);
});

const require = createRequire(import.meta.url);
const isInstalled = ((): boolean => {
  try {
    return require.resolve('onnxruntime-node') !== '';
  } catch {
    return false;
  }
})();

if (!isInstalled) {
  test('without onnxruntime-node the command that installs it is told', async () => {
    const { code, message } = await refusal(network(MEANS));
    assert.is(code, 'onnxruntime_missing');
    assert.match(message, 'npm install onnxruntime-node');
  });
}

/** A test that needs onnxruntime-node, an optional package of 290 MB. */
const withRuntime: typeof test = isInstalled ? test : (test.skip as typeof test);
if (!isInstalled) console.log('onnxruntime-node is not installed: its tests are skipped');

withRuntime('features are the named output, a row for each image, of pixels from 0 to 1', () =>
  using(network(MEANS), async (extractor) => {
    assert.equal([extractor.name, extractor.columns, extractor.classes], ['means', 3, undefined]);
    const { features } = await extractor.extract(colours);
    assertAllClose(
      features,
      means.map((value) => value / 255),
      1e-5,
    );
  }),
);

withRuntime('pixels are brought to the range, less the mean and by the deviation of their channel', () =>
  using(
    network({ ...MEANS, range: [-1, 1], mean: [0.5, 0, -0.5], deviation: 2, name: 'scaled' }),
    async (extractor) => {
      const { features } = await extractor.extract(colours);
      const expected = means.map((value, at) => (value / 127.5 - 1 - ([0.5, 0, -0.5][at % 3] as number)) / 2);
      assertAllClose(features, expected, 1e-5);
      assert.is(extractor.name, 'scaled');
    },
  ),
);

withRuntime('probabilities have classes, named or numbered', async () => {
  const sums = (extractor: FeatureExtractor) =>
    extractor.extract(colours).then(({ probabilities = new Float32Array() }) => {
      assert.is(probabilities.length, 18);
      return Array.from({ length: 6 }, (_, row) =>
        probabilities.subarray(3 * row, 3 * row + 3).reduce((a, b) => a + b),
      );
    });
  const named = { ...MEANS, probabilities: 'probabilities', classes: ['red', 'green', 'blue'] };
  await using(network(named), async (extractor) => {
    assert.equal(extractor.classes, ['red', 'green', 'blue']);
    assertAllClose(await sums(extractor), Array(6).fill(1), 1e-5);
  });
  const { classes: _, ...unnamed } = named;
  await using(network(unnamed), async ({ classes }) => assert.equal(classes, ['0', '1', '2']));
  assert.is((await refusal(network({ ...named, classes: ['red', 'blue'] }))).code, 'network_shape');
});

withRuntime('a network of a fixed batch is fed in such batches, the last filled up', () =>
  using(network(MEANS, 'means_by_four.onnx'), async (extractor) => {
    const { features } = await extractor.extract(colours);
    assertAllClose(
      features,
      means.map((value) => value / 255),
      1e-5,
    );
  }),
);

withRuntime('the hash is that of the network and of its settings, not of its name', async () => {
  const hashOf = (description: object) => using(network(description), async ({ hash }) => hash);
  const plain = await hashOf(MEANS);
  assert.match(plain, /^[0-9a-f]{64}$/);
  assert.is(await hashOf({ ...MEANS, name: 'other' }), plain);
  assert.is.not(await hashOf({ ...MEANS, range: [0, 2] }), plain);
  assert.is.not(await using(network(MEANS, 'means_by_four.onnx'), async ({ hash }) => hash), plain);
});

withRuntime('what does not fit the network is refused with both shapes or all names', async () => {
  const wrongSize = await refusal(network({ ...MEANS, size: 16 }));
  assert.is(wrongSize.code, 'network_shape');
  assert.match(wrongSize.message, '3,8,8]');
  assert.match(wrongSize.message, '[N,3,16,16]');
  assert.is((await refusal(network({ ...MEANS, layout: 'NHWC' }))).code, 'network_shape');
  const unknown = await refusal(network({ ...MEANS, features: 'pool_3' }));
  assert.equal([unknown.code, /means, probabilities, broken, single/.test(unknown.message)], ['network_shape', true]);
  assert.is((await refusal(network({ ...MEANS, features: 'single' }))).code, 'features_shape');
  const rubbish = network(MEANS);
  writeFileSync(rubbish, 'no network');
  assert.is((await refusal(rubbish)).code, 'network_unreadable');
});

withRuntime('features that are no numbers are refused with their place', async () => {
  const { code, message } = await refusal(network({ ...MEANS, features: 'broken' }), async (extractor) =>
    featureMatrix((await extractor.extract(colours)).features, extractor.columns),
  );
  assert.equal([code, /image 0 has NaN in column 0/.test(message)], ['features_not_finite', true]);
});

test.run();
