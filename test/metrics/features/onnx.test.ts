import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GannetError } from '../../../src/errors.ts';
import { collectFeatures } from '../../../src/metrics/collect.ts';
import type { FeatureExtractor } from '../../../src/metrics/features/extractor.ts';
import { onnxFeatures } from '../../../src/metrics/features/onnx.ts';
import { readOnnxDescription } from '../../../src/metrics/features/onnx_description.ts';
import { temporaryFolder } from '../../data/temporary.ts';
import { assertAllClose } from '../fixture.ts';
import { images } from '../images.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/onnx', import.meta.url));

/** A copy of a network of scripts/fixtures/onnx_features.py, described; `means` [N,3,1,1] of `means.onnx` holds the means of the channels. */
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

test('a description is checked before anything is opened, and the message says what is wrong and shows one', async () => {
  const refuses = async (description: object | undefined, told: RegExp | string) => {
    const error = await readOnnxDescription(network(description)).catch((caught: GannetError) => caught);
    assert.ok(error instanceof Error, String(told));
    assert.is(error.code, 'network_description');
    assert.match(error.message, told);
    assert.match(error.message, '{"size": 299');
  };
  await refuses(undefined, /means\.json cannot be read: ENOENT/);
  await refuses({ size: 8 }, /features: .*expected string/);
  await refuses({ ...MEANS, scale: 2 }, '"scale"');
  await refuses({ ...MEANS, mean: [1, 2] }, 'mean: expected one number, or one for each of 3 channels, but received 2');
  await refuses({ ...MEANS, size: 0 }, /size: /);
  await refuses({ ...MEANS, size: [8, 8, 8] }, /size: /);
  await refuses({ ...MEANS, size: 8.5 }, /size: /);
  await refuses({ ...MEANS, size: 100_000 }, /size: /);
  await refuses({ ...MEANS, channels: 2 }, /channels: /);
  await refuses({ ...MEANS, range: [1, 1] }, 'range: expected two different numbers, but received 1 and 1');
  await refuses({ ...MEANS, deviation: 0 }, 'deviation: expected numbers to divide by, but received 0');
  await refuses({ ...MEANS, deviation: [1, 0, 1] }, 'deviation: expected numbers to divide by, but received 0');
  await refuses({ ...MEANS, classes: ['a', 'b'] }, 'classes: expected `probabilities` too');
  await refuses([], /expected object/);
  assert.equal((await readOnnxDescription(network(MEANS))).size, [8, 8]);
});

test('a description that is no JSON is refused with the place', async () => {
  const path = network(MEANS);
  writeFileSync(path.replace('.onnx', '.json'), '{"size": 8,}');
  const error = await readOnnxDescription(path).catch((caught: GannetError) => caught);
  assert.match((error as Error).message, /means\.json is not understood: .*JSON/);
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
  assert.match(wrongSize.message, "input 'images' has the shape [N,3,8,8], but ");
  assert.match(wrongSize.message, '[N,3,16,16]; correct size, channels or layout there');
  assert.is((await refusal(network({ ...MEANS, layout: 'NHWC' }))).code, 'network_shape');
  assert.match((await refusal(network({ ...MEANS, channels: 1 }))).message, 'describes [N,1,8,8]');
  const noInput = await refusal(network({ ...MEANS, input: 'x' }));
  assert.equal([noInput.code, /has no input 'x'; it has images/.test(noInput.message)], ['network_shape', true]);
  const unknown = await refusal(network({ ...MEANS, features: 'pool_3' }));
  assert.is(unknown.code, 'network_shape');
  assert.match(
    unknown.message,
    "no output 'pool_3'; it has means, probabilities, broken, single, halves, wholes, empty",
  );
  const noClasses = await refusal(network({ ...MEANS, probabilities: 'softmax' }));
  assert.match(noClasses.message, "no output 'softmax'; it has means");
  const rubbish = network(MEANS);
  writeFileSync(rubbish, 'no network');
  assert.is((await refusal(rubbish)).code, 'network_unreadable');
  rmSync(rubbish);
  assert.is((await refusal(rubbish)).code, 'network_unreadable');
});

withRuntime('an input of another type, of other axes, or beside another one, is refused with what to do', async () => {
  const told = async (file: string, description: object = {}) => {
    const { code, message } = await refusal(network({ ...MEANS, ...description }, file));
    return `${code}: ${message}`;
  };
  assert.match(
    await told('of_bytes.onnx'),
    /^network_shape: .*of_bytes\.onnx: input 'bytes' takes uint8, but images come as float32; export the network with a Cast to uint8/,
  );
  assert.match(
    await told('of_rows.onnx'),
    /^network_shape: .*input 'pixels' has 2 axes, \[N,192\], but images come as \[N,3,8,8\]; .*Reshape/,
  );
  assert.match(
    await told('of_two.onnx'),
    /^network_shape: .*of_two\.onnx takes 2 inputs \(images, scale\), but gannet has images for one alone/,
  );
  for (const file of ['of_any.onnx', 'of_any_side.onnx']) {
    const ofAny = network(MEANS, file);
    await using(ofAny, async ({ columns }) => assert.is(columns, 2, 'a size that it takes'));
    assert.match(
      await told(file, { size: [8, 16] }),
      /^network_shape: .*refuses an input of shape \[1,3,8,16\], as .*\.json describes it: /,
    );
  }
});

withRuntime(
  'an output that is no float32 with a row for each image is refused with its type or its shape',
  async () => {
    const told = async (features: string) => {
      const { code, message } = await refusal(network({ ...MEANS, features }));
      assert.match(message, /name another output in .*means\.json$/);
      return `${code}: ${message}`;
    };
    assert.match(await told('single'), /^features_shape: .*output 'single' .*each of 1 images, but it has shape \[\]/);
    assert.match(await told('halves'), /^features_shape: .*output 'halves' .*but it is float16/);
    assert.match(await told('wholes'), /^features_shape: .*output 'wholes' .*but it is int64/);
    assert.match(await told('empty'), /^features_shape: .*output 'empty' .*but it has shape \[1,0\]/);
  },
);

withRuntime('features and probabilities that are none are refused before images are drawn', async () => {
  const broken = await refusal(network({ ...MEANS, features: 'broken' }));
  assert.equal([broken.code, /means\.onnx: .*NaN in column 0/.test(broken.message)], ['features_not_finite', true]);
  const logits = await refusal(network({ ...MEANS, range: [0, 100], probabilities: 'means' }));
  assert.equal([logits.code, /needs a softmax/.test(logits.message)], ['probabilities_invalid', true]);
});

test('features of an image that are no numbers are refused with the network, the image and the column', async () => {
  const extractor: FeatureExtractor = {
    ...{ name: 'own', hash: '0123456789abcdef', columns: 2, close: () => {} },
    extract: async ({ pixels }) => ({ features: Float32Array.from(pixels, (byte) => 1 / (byte - 7)) }),
  };
  async function* batches() {
    for (const first of [0, 4]) yield images(2, [1, 2], 1, (image, _y, x) => first + 2 * image + x);
  }
  const error = await collectFeatures(batches(), extractor, { count: 4 }).catch((caught: GannetError) => caught);
  assert.ok(error instanceof Error);
  assert.is((error as GannetError).code, 'features_not_finite');
  assert.match(error.message, /^features of own 01234567: .*image 3 has Infinity in column 1/);
});

test.run();
