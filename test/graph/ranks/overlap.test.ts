import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../src/graph/index.ts';
import type { Slot } from '../../../src/graph/program.ts';
import { zeros } from '../../../src/nn/initializers.ts';
import { allReduceSum } from '../../../src/ops/all_reduce.ts';
import { assign, matmul, mul, reduceSum, sub, tanh } from '../../../src/ops/index.ts';
import { feed, type Graph, read, trace } from '../../../src/tensor/trace.ts';

const SIDE = 64;
const weight = (name: string) =>
  ({ name, shape: [SIDE, SIDE], dtype: 'float32', initializer: zeros, trainable: true }) as const;

/** Two layers whose gradients are summed, the second layer's first. */
const learning = (): Graph =>
  trace('learning', () => {
    const [first, second] = [weight('first'), weight('second')];
    const x = feed('x', [SIDE, SIDE]);
    const hidden = tanh(matmul(x, read(first)));
    const dy = mul(matmul(hidden, read(second)), 2);
    const dSecond = allReduceSum(matmul(hidden, dy, { transposeA: true }));
    const dHidden = matmul(dy, read(second), { transposeB: true });
    const dFirst = allReduceSum(matmul(x, dHidden, { transposeA: true }));
    assign(second, sub(read(second), dSecond));
    assign(first, sub(read(first), dFirst));
    return { loss: reduceSum(dy) };
  });

const program = () => compile(learning(), new Set(['allReduce']));
const overlap = (a: Slot, b: Slot): boolean => {
  const bytes = 4 * SIDE * SIDE;
  return a.storage === 'arena' && b.storage === 'arena' && a.offset < b.offset + bytes && b.offset < a.offset + bytes;
};

test('a weight is updated once the sum of the next gradient has begun', () => {
  const ops = program().steps.map(({ op }) => op);
  const [first, second] = ops.flatMap((op, i) => (op === 'allReduce' ? [i] : [])) as [number, number];
  const updates = ops.flatMap((op, i) => (op === 'assign' ? [i] : []));
  assert.ok(ops.slice(first, second).includes('matmul'), 'the next gradient is computed beside the sum');
  assert.ok(
    updates.every((update) => update > second),
    ops.join(' '),
  );
});

test('what a sum reads is overwritten by nothing before the sum is used', () => {
  const { steps } = program();
  const begun = steps.findIndex(({ op }) => op === 'allReduce');
  const { inputs, output } = steps[begun] as (typeof steps)[0];
  const used = steps.findIndex((step, i) => i > begun && step.inputs.some((input) => overlap(input, output)));
  const between = steps.slice(begun, used);
  assert.ok(between.length > 2);
  assert.not.ok(between.some((step) => overlap(step.output, inputs[0] as Slot)));
});

test('a sum that is made of another one follows what leads to it', () => {
  const chained = trace('chained', () => {
    const x = feed('x', [SIDE]);
    return { y: allReduceSum(mul(allReduceSum(tanh(x)), x)) };
  });
  const ops = compile(chained, new Set(['allReduce'])).steps.map(({ op }) => op);
  assert.equal(ops, ['elementwise', 'allReduce', 'elementwise', 'allReduce']);
});

test.run();
