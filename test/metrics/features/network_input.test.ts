import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { networkInput } from '../../../src/metrics/features/network_input.ts';
import { assertAllClose } from '../fixture.ts';
import { images } from '../images.ts';

const grey = images(2, [1, 2], 1, (image, _y, x) => 100 * image + x);
const colour = images(1, [1, 2], 3, (_image, _y, x, channel) => 10 * x + channel);

test('images of the format of the network are as they are', () => {
  assert.equal([...networkInput(grey, { size: [1, 2], channels: 1 })], [0, 1, 100, 101]);
  assert.equal([...networkInput(colour, { size: [1, 2], channels: 3 })], [0, 1, 2, 10, 11, 12]);
});

test('grey is repeated into colours, colour becomes its luminance, and what has no opacity is opaque', () => {
  assert.equal(
    [...networkInput(grey, { size: [1, 2], channels: 3 })],
    [0, 0, 0, 1, 1, 1, ...[100, 100, 100, 101, 101, 101]],
  );
  assertAllClose(networkInput(colour, { size: [1, 2], channels: 1 }), [0.587 + 0.228, 10 + 0.587 + 0.228], 1e-5);
  assert.equal([...networkInput(colour, { size: [1, 2], channels: 4 })], [0, 1, 2, 255, 10, 11, 12, 255]);
});

test('images are brought to the size of the network, without rounding', () => {
  const ramp = images(1, [4, 4], 1, (_image, _y, x) => 10 * x);
  const [left, right] = networkInput(ramp, { size: [1, 2], channels: 1 });
  assert.ok((left as number) > 5 && (left as number) < 10 && (left as number) % 1 !== 0, `${left}`);
  assert.ok(Math.abs((left as number) + (right as number) - 30) < 1e-4);
});

test('the cubic overshoots at an edge, but pixels stay within bytes', () => {
  const edge = images(1, [4, 4], 1, (_image, _y, x) => (x < 2 ? 0 : 255));
  const larger = networkInput(edge, { size: [16, 16], channels: 1 });
  assert.equal([Math.min(...larger), Math.max(...larger)], [0, 255]);
});

test.run();
