import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OpAttributes } from '../../src/tensor/operators.ts';
import { addon, largestError, numbers, runOnce, Sketch } from './support.ts';

const device = addon.openDevice('cpu', { threads: 0 });

const size = 5003;
const rate = 0.1;

type Optimiser = 'sgd' | 'momentum' | 'adagrad' | 'adadelta' | 'rmsprop' | 'adam';
/** One weight, its slots and its gradient at update t -> the new weight and slots. */
type Rule = (w: number, slots: number[], g: number, t: number) => [number, number[]];

interface Example<K extends Optimiser> {
  attributes: OpAttributes[K];
  slots: number;
  rule: Rule;
}

const examples: { [K in Optimiser]: Example<K> } = {
  sgd: { attributes: { clip: 0.8 }, slots: 0, rule: (w, _, g) => [w - rate * g, []] },
  momentum: {
    attributes: { clip: Number.POSITIVE_INFINITY, momentum: 0.9 },
    slots: 1,
    rule: (w, [v = 0], g) => [w - rate * (0.9 * v + g), [0.9 * v + g]],
  },
  adagrad: {
    attributes: { clip: 0.8, epsilon: 1e-7 },
    slots: 1,
    rule: (w, [a = 0], g) => [w - (rate * g) / (Math.sqrt(a + g * g) + 1e-7), [a + g * g]],
  },
  adadelta: {
    attributes: { clip: Number.POSITIVE_INFINITY, decay: 0.95, epsilon: 1e-4 },
    slots: 2,
    rule: (w, [s = 0, e = 0], g) => {
      const squares = 0.95 * s + 0.05 * g * g;
      const delta = (Math.sqrt(e + 1e-4) / Math.sqrt(squares + 1e-4)) * g;
      return [w - rate * delta, [squares, 0.95 * e + 0.05 * delta * delta]];
    },
  },
  rmsprop: {
    attributes: { clip: 0.5, decay: 0.9, epsilon: 1e-6 },
    slots: 1,
    rule: (w, [s = 0], g) => {
      const squares = 0.9 * s + 0.1 * g * g;
      return [w - (rate * g) / (Math.sqrt(squares) + 1e-6), [squares]];
    },
  },
  adam: {
    attributes: { clip: Number.POSITIVE_INFINITY, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 },
    slots: 2,
    rule: (w, [m = 0, v = 0], g, t) => {
      const first = 0.5 * m + 0.5 * g;
      const second = 0.999 * v + 0.001 * g * g;
      const step = first / (1 - 0.5 ** t) / (Math.sqrt(second / (1 - 0.999 ** t)) + 1e-8);
      return [w - rate * step, [first, second]];
    },
  },
};

function testUpdate<K extends Optimiser>(op: K, { attributes, slots, rule }: Example<K>): void {
  test(`${op} follows its rule for three updates`, async () => {
    const start = numbers([size], 1).data;
    const ids = Array.from({ length: slots + 1 }, () => device.createVariable(size * 4));
    await device.writeVariable(ids[0] as number, start);
    let weights = [...start];
    let states = weights.map(() => new Array<number>(slots).fill(0));
    for (let t = 1; t <= 3; t++) {
      const gradient = numbers([size], t + 1).data;
      const sketch = new Sketch();
      const variables = ids.map(() => sketch.variable([size]));
      const scalars = op === 'adam' ? 2 : 1;
      const inputs = [...variables, sketch.feed([size]), ...Array.from({ length: scalars }, () => sketch.feed([]))];
      sketch.output(sketch.update(op, attributes, inputs));
      const feeds = [gradient, new Float32Array([rate]), new Float32Array([t])].slice(0, 1 + scalars);
      const [actual] = await runOnce(device, sketch, feeds, ids);
      const results = weights.map((w, i) => rule(w, states[i] as number[], gradient[i] as number, t));
      weights = results.map(([w]) => Math.min(Math.max(w, -attributes.clip), attributes.clip));
      states = results.map(([, state]) => state);
      assert.ok(largestError(actual as Float32Array, weights) < 1e-5);
      for (let slot = 0; slot < slots; slot++) {
        const kept = new Float32Array(await device.readVariable(ids[slot + 1] as number));
        assert.ok(
          largestError(
            kept,
            states.map((state) => state[slot] as number),
          ) < 1e-5,
        );
      }
    }
  });
}

for (const op of Object.keys(examples) as Optimiser[]) testUpdate(op, examples[op] as Example<typeof op>);

test('assign copies a value into a variable', async () => {
  const sketch = new Sketch();
  const variable = sketch.variable([3]);
  sketch.output(sketch.update('assign', {}, [variable, sketch.feed([3])]));
  const id = device.createVariable(12);
  await runOnce(device, sketch, [new Float32Array([1, 2, 3])], [id]);
  assert.equal([...new Float32Array(await device.readVariable(id))], [1, 2, 3]);
});

test.after(() => device.close());
test.run();
