import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '../../src/device/index.ts';
import { MEASURES, type MeasureName } from '../../src/nn/index.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

/** What a measure says of images, which are in [-1, 1]. */
async function measure(name: MeasureName, shape: readonly number[], values: readonly number[]): Promise<number[]> {
  const device = openDevice('cpu', { threads: 1 });
  try {
    const executable = await device.load(trace(name, () => ({ y: MEASURES[name](feed('x', shape)) })));
    const { outputs } = await device.run([{ executable, feeds: { x: Float32Array.from(values) }, fetch: true }]);
    return [...(outputs[0]?.y ?? [])];
  } finally {
    device.close();
  }
}

const close = (actual: readonly number[], expected: readonly number[], tolerance = 1e-6): void => {
  assert.is(actual.length, expected.length);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs((actual[i] as number) - value) < tolerance, `${actual}, not ${expected}`);
};

/** Levels from 0 to 1 as images have them. */
const image = (...levels: number[]): number[] => levels.map((level) => 2 * level - 1);

test('brightness is the mean luminance of each image: green counts most, and grey is as bright as it is', async () => {
  close(await measure('brightness', [3, 1, 1, 3], image(1, 0, 0, 0, 1, 0, 0, 0, 1)), [0.2126, 0.7152, 0.0722]);
  close(await measure('brightness', [2, 1, 2, 1], image(0, 1, 0.25, 0.25)), [0.5, 0.25]);
  close(await measure('brightness', [1, 1, 1, 4], image(1, 1, 1, 0)), [1]);
});

test('sharpness is the mean length of the slope relative to the largest: central differences, first ones at the borders', async () => {
  // Along a row 0 0 1 0: slopes 0, 1/2, 0, -1; each row of the image is the same.
  close(
    await measure('sharpness', [1, 3, 4, 1], image(0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0)),
    [(0 + 0.5 + 0 + 1) / 4],
    1e-3,
  );
  const corner = image(1, 0, 0, 0, 0, 0, 0, 0, 0);
  const slopes = [Math.SQRT2, 0.5, 0, 0.5, 0, 0, 0, 0, 0];
  // The bright corner has a slope of -1 along either axis, both its neighbours one of -1/2 along one.
  const mean = slopes.reduce((a, b) => a + b) / 9 / Math.SQRT2;
  close(await measure('sharpness', [1, 3, 3, 1], corner), [mean], 1e-3);
});

test('an image of one level has no sharpness, and contrast does not count', async () => {
  close(await measure('sharpness', [1, 3, 3, 1], image(...Array(9).fill(0.7))), [0]);
  const weak = image(0.5, 0.5, 0.6, 0.5, 0.5, 0.5, 0.6, 0.5, 0.5, 0.5, 0.6, 0.5);
  close(await measure('sharpness', [1, 3, 4, 1], weak), [0.375], 2e-3);
});

test.run();
