import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as gannet from '../../src/ops/index.ts';
import { ops } from '../../src/ops/rules.ts';
import { evaluate, evaluateAll } from '../../src/oracle/evaluate.ts';
import type { Expression } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { createTensor, type Tensor } from '../../src/tensor/tensor.ts';

/** A leaf bound to `values` under its own name. */
const leaf = (name: string, shape: Shape, op: 'feed' | 'variable' = 'feed'): Tensor =>
  createTensor({ op, inputs: [], attributes: { name }, shape, dtype: 'float32', scope: '' });

const counting = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i + 1);

function value(tensor: Tensor, bindings: Record<string, readonly number[] | Float64Array>): number[] {
  const bound = Object.fromEntries(Object.entries(bindings).map(([name, data]) => [name, Float64Array.from(data)]));
  return [...(evaluate([tensor], bound)[0] as Float64Array)];
}

/** The optimiser's result for one weight, with its slots, rounded to 9 digits. */
function updated(update: Tensor, bindings: Record<string, number>): Record<string, number> {
  const bound = Object.fromEntries(Object.entries(bindings).map(([name, number]) => [name, Float64Array.of(number)]));
  const { variables } = evaluateAll([update], bound);
  return Object.fromEntries(
    Object.entries(variables).map(([name, data]) => [name, Number((data[0] as number).toPrecision(9))]),
  );
}

test('conv2d slides the filter without flipping it; rows of KRSC are filters', () => {
  const x = leaf('x', [1, 3, 3, 1]);
  const w = leaf('w', [2, 2, 2, 1]);
  const bindings = { x: counting(9), w: [1, 0, 0, 10, 0, 1, 0, 0] };
  assert.equal(value(gannet.conv2d(x, w, { padding: 'valid' }), bindings), [51, 2, 62, 3, 84, 5, 95, 6]);
});

test('same padding of stride 2 puts the odd zero at the bottom and right', () => {
  const x = leaf('x', [1, 4, 4, 1]);
  const w = leaf('w', [1, 3, 3, 1]);
  const centre = [0, 0, 0, 0, 1, 0, 0, 0, 0];
  assert.equal(value(gannet.conv2d(x, w, { stride: 2 }), { x: counting(16), w: centre }), [6, 8, 14, 16]);
});

test('conv2dTranspose stamps the filter, scaled, at every stride', () => {
  const x = leaf('x', [1, 1, 2, 1]);
  const w = leaf('w', [1, 2, 2, 1]);
  const y = gannet.conv2dTranspose(x, w, { stride: 2, padding: 'valid' });
  assert.equal(value(y, { x: [1, 10], w: [1, 2, 3, 4] }), [1, 2, 10, 20, 3, 4, 30, 40]);
});

test('pools ignore padding: it never wins and is not counted', () => {
  const x = leaf('x', [1, 2, 2, 1]);
  const options = { stride: 2, padding: 1 };
  assert.equal(value(gannet.maxPool(x, 2, options), { x: [-1, -2, -3, -4] }), [-1, -2, -3, -4]);
  assert.equal(value(gannet.averagePool(x, 3, options), { x: [1, 2, 3, 6] }), [3]);
});

test('the gradient of a tie goes to the first maximum', () => {
  const [x, dy] = [leaf('x', [1, 2, 2, 1]), leaf('dy', [1, 1, 1, 1])];
  const dx = ops.maxPoolGradient({ size: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }, x, dy);
  assert.equal(value(dx, { x: [1, 5, 5, 2], dy: [7] }), [0, 7, 0, 0]);
});

test('transpose, broadcast and reductions agree on which axis is which', () => {
  const x = leaf('x', [2, 3]);
  const bindings = { x: counting(6) };
  assert.equal(value(gannet.transpose(x, [1, 0]), bindings), [1, 4, 2, 5, 3, 6]);
  assert.equal(value(gannet.reduceSum(x, [0]), bindings), [5, 7, 9]);
  assert.equal(value(gannet.reduceMax(x, [1]), bindings), [3, 6]);
  assert.equal(value(gannet.broadcast(x, [1], [2, 2, 3]), bindings), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
});

test('matmul reads a transposed operand by columns', () => {
  const bindings = { a: counting(6), b: counting(6) };
  const [wide, tall] = [leaf('a', [2, 3]), leaf('b', [3, 2])];
  assert.equal(value(gannet.matmul(wide, tall), bindings), [22, 28, 49, 64]);
  assert.equal(value(gannet.matmul(wide, leaf('b', [2, 3]), { transposeB: true }), bindings), [14, 32, 32, 77]);
  assert.equal(value(gannet.matmul(leaf('a', [3, 2]), tall, { transposeA: true }), bindings), [35, 44, 44, 56]);
});

test('batchNorm standardises channels, layerNorm samples', () => {
  const x = leaf('x', [2, 2]);
  const [gain, bias] = [gannet.fill(1, [2]), gannet.fill(0, [2])];
  assert.equal(value(gannet.batchNorm(x, gain, bias, 0), { x: [1, 10, 3, 50] }), [-1, -1, 1, 1]);
  assert.equal(value(gannet.layerNorm(x, gain, bias, 0), { x: [1, 10, 3, 50] }), [-1, 1, -1, 1]);
});

test('an expression reads its operands by full, channel, sample and scalar access', () => {
  const expression: Expression = {
    access: ['full', 'channel', 'sample', 'scalar'],
    instructions: [
      { fn: 'add', args: [0, 1] },
      { fn: 'add', args: [4, 2] },
      { fn: 'add', args: [5, 3] },
      { fn: 'leakyRelu', args: [6], value: 0.5 },
      { fn: 'constant', args: [], value: 1 },
      { fn: 'sub', args: [7, 8] },
    ],
  };
  const inputs = [leaf('full', [2, 2, 2]), leaf('channel', [2]), leaf('sample', [2]), leaf('scalar', [])];
  const result = { inputs, dtype: 'float32', scope: '' } as const;
  const bindings = { full: counting(8), channel: [10, 20], sample: [100, 200], scalar: [-222] };
  const fused = createTensor({ ...result, op: 'elementwise', attributes: { expression }, shape: [2, 2, 2] });
  assert.equal(value(fused, bindings), [-56.5, -51, -55.5, -50, -4.5, 3, -3.5, 5]);
  const attributes = { expression, kind: 'sum', extent: [2, 2, 2] } as const;
  const sums = createTensor({ ...result, op: 'reduce', attributes, shape: [2, 2] });
  assert.equal(value(sums, bindings), [-112, -101, -8, 8]);
});

test('optimisers take the steps that their papers give', () => {
  const [w, first, second] = [
    leaf('w', [1], 'variable'),
    leaf('first', [1], 'variable'),
    leaf('second', [1], 'variable'),
  ];
  const [gradient, rate, step] = [leaf('gradient', [1]), leaf('rate', []), leaf('step', [])];
  const given = { w: 1, first: 0.5, second: 0.25, gradient: 2, rate: 0.1, step: 2 };
  const clip = Number.POSITIVE_INFINITY;
  assert.equal(updated(ops.sgd({ clip }, w, gradient, rate), given), { w: 0.8 });
  assert.equal(updated(ops.sgd({ clip: 0.3 }, w, gradient, rate), given), { w: 0.3 });
  assert.equal(updated(ops.momentum({ clip, momentum: 0.9 }, w, first, gradient, rate), given), {
    w: 0.755,
    first: 2.45,
  });
  // 1 - 0.1 * 2 / sqrt(4.5)
  assert.equal(updated(ops.adagrad({ clip, epsilon: 0 }, w, first, gradient, rate), given), {
    w: 0.905719096,
    first: 4.5,
  });
  // s = 0.9 * 0.25 + 0.1 * 4 = 0.625; 1 - 0.1 * 2 / sqrt(s)
  assert.equal(updated(ops.rmsprop({ clip, decay: 0.9, epsilon: 0 }, w, second, gradient, rate), given), {
    w: 0.747017787,
    second: 0.625,
  });
  // s = 0.9 * 0.5 + 0.1 * 4 = 0.85; delta = 2 sqrt(0.25 / s); e = 0.9 * 0.25 + 0.1 * delta^2
  assert.equal(updated(ops.adadelta({ clip, decay: 0.9, epsilon: 0 }, w, first, second, gradient, rate), given), {
    w: 0.891534771,
    first: 0.85,
    second: 0.342647059,
  });
  // m = 1.25, v = 0.625; unbiased by 1 - 0.5^2 and 1 - 0.9^2
  assert.equal(
    updated(ops.adam({ clip, beta1: 0.5, beta2: 0.9, epsilon: 0 }, w, first, second, gradient, rate, step), given),
    {
      w: 0.908106342,
      first: 1.25,
      second: 0.625,
    },
  );
});

test('an update of an update sees the first one, and the variable ends with the last', () => {
  const w = leaf('w', [2], 'variable');
  const once = ops.assign({}, w, gannet.add(w, 1));
  const twice = ops.assign({}, once, gannet.mul(once, 10));
  const { outputs, variables } = evaluateAll([once, twice], { w: Float64Array.of(1, 2) });
  assert.equal(outputs, [Float64Array.of(2, 3), Float64Array.of(20, 30)]);
  assert.equal(variables, { w: Float64Array.of(20, 30) });
});

test('a leaf bound to the wrong number of values is refused by name', () => {
  assert.throws(() => evaluate([leaf('x', [3])], {}), /feed 'x' of \[3\] is bound to no numbers/);
});

test.run();
