import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addon, applyOp, runOnce, Sketch } from './support.ts';

const device = addon.openDevice('cpu', { threads: 0 });

const state = (seed: number, step: number) => ({ shape: [2], data: new Int32Array([seed, step]) });

/** The upper 24 bits of each random word, as uniform numbers show them. */
async function upperBits(seed: number, stream: number, step: number, count: number): Promise<number[]> {
  const uniform = { shape: [count], stream, low: 0, high: 1 };
  return [...(await applyOp(device, 'randomUniform', uniform, [state(seed, step)], [count]))].map((u) => u * 2 ** 24);
}

test('Philox4x32-10 gives the known answer for key 0 and counter 0', async () => {
  assert.equal(
    await upperBits(0, 0, 0, 4),
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8].map((word) => word >>> 8),
  );
});

/** Philox4x32-10 in whole numbers. */
function philox(counter: bigint[], key: bigint[]): bigint[] {
  const low = (x: bigint) => x & 0xffffffffn;
  let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, low(p1), (p0 >> 32n) ^ c3 ^ k1, low(p0)];
    k0 = low(k0 + 0x9e3779b9n);
    k1 = low(k1 + 0xbb67ae85n);
  }
  return [c0, c1, c2, c3];
}

test('the words of element i come from counter (i / 4, step, 0, 0) and key (seed, stream)', async () => {
  const [seed, stream, step, count] = [0xfedcba98, 0x89abcdef, 0xc0000001, 10007];
  const bits = await upperBits(seed | 0, stream, step | 0, count);
  for (const i of [0, 3, 4, 255, 256, 4095, 4096, 8191, 10006]) {
    const word = philox([BigInt(i >> 2), BigInt(step), 0n, 0n], [BigInt(seed), BigInt(stream)])[i & 3] as bigint;
    assert.is(bits[i], Number(word >> 8n), `element ${i}`);
  }
});

test('randomUniform maps [0, 1) to [low, high) with a multiplication and an addition', async () => {
  const bits = await upperBits(7, 3, 5, 1000);
  const attributes = { shape: [1000], stream: 3, low: -0.3, high: 1.7 };
  const actual = await applyOp(device, 'randomUniform', attributes, [state(7, 5)], [1000]);
  const low = Math.fround(-0.3);
  const span = Math.fround(Math.fround(1.7) - low);
  const expected = new Float32Array(bits.map((n) => Math.fround(low + Math.fround(Math.fround(n * 2 ** -24) * span))));
  assert.equal(actual, expected);
});

test('randomNormal is Box-Muller on pairs of words', async () => {
  const count = 1001;
  const bits = await upperBits(11, 2, 9, count + 1);
  const attributes = { shape: [count], stream: 2, mean: 0.5, deviation: 2 };
  const actual = await applyOp(device, 'randomNormal', attributes, [state(11, 9)], [count]);
  actual.forEach((value, i) => {
    const first = ((bits[i & ~1] as number) + 1) * 2 ** -24;
    const turns = (bits[i | 1] as number) * 2 ** -24;
    const radius = Math.sqrt(-2 * Math.log(first));
    const expected = 0.5 + 2 * radius * (i & 1 ? Math.sin(2 * Math.PI * turns) : Math.cos(2 * Math.PI * turns));
    assert.ok(Math.abs(value - expected) < 2e-6, `element ${i}: ${value}, expected ${expected}`);
  });
});

test('advanceRandom counts steps modulo 2^32 and leaves the seed alone', async () => {
  const sketch = new Sketch();
  sketch.output(sketch.update('advanceRandom', {}, [sketch.variable([2], 'int32')]));
  const variable = device.createVariable(8);
  await device.writeVariable(variable, new Int32Array([42, -1]));
  await runOnce(device, sketch, [], [variable]);
  assert.equal([...new Int32Array(await device.readVariable(variable))], [42, 0]);
});

test.after(() => device.close());
test.run();
