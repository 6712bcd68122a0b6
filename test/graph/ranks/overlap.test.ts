import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../../src/config/index.ts';
import { compile } from '../../../src/graph/index.ts';
import type { Program, Slot } from '../../../src/graph/program.ts';
import { shareOut } from '../../../src/graph/ranks/share.ts';
import { resolveChanges } from '../../../src/models/index.ts';
import { zeros } from '../../../src/nn/initializers.ts';
import { allReduceSum } from '../../../src/ops/all_reduce.ts';
import { assign, matmul, mul, reduceSum, sub, tanh } from '../../../src/ops/index.ts';
import { elements } from '../../../src/tensor/shape.ts';
import { feed, type Graph, read, trace } from '../../../src/tensor/trace.ts';
import { createModel } from '../../../src/train/index.ts';

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

/** Steps with the networks and numbers of the recipes, of which each rank has two images. */
const STEPS: Record<string, ConfigChanges> = {
  'an adversarial game': { recipe: 'dcgan' },
  'an adversarial game, both updates at once': { recipe: 'dcgan', schedule: 'simultaneous' },
  'the equilibrium game': { recipe: 'began' },
  'the equilibrium game, both updates at once': { recipe: 'began', schedule: 'simultaneous' },
  'extraction by a network that is trained beside': { recipe: 'extractor-gan', extractor: { labels: ['Smiling'] } },
};

/** Fewer numbers than any bucket of a network has, but for its last, and more than moments have. */
const LARGE = 1 << 16;

const programsOf = (changes: ConfigChanges): Program[] =>
  createModel(resolveChanges({ ...changes, batch: 4 }), { ranks: 2 }).match.programs.map(({ trace: traced }) =>
    compile(shareOut(traced(), { rank: 0, ranks: 2, block: 4 }), new Set(['allReduce', 'adam'])),
  );

const readsAny = ({ inputs }: Program['steps'][0], { output }: Program['steps'][0]): boolean =>
  inputs.some(
    (input) =>
      input.storage === 'arena' &&
      input.offset < output.offset + 4 * elements(output.shape) &&
      output.offset < input.offset + 4 * elements(input.shape),
  );

for (const [name, changes] of Object.entries(STEPS)) {
  test(`${name}: gradients are summed in buckets, and a product is computed beside each before it is used`, () => {
    for (const { name: program, steps, variables } of programsOf(changes)) {
      const sums = steps.flatMap(({ op, output }, i) =>
        op === 'allReduce' && elements(output.shape) > LARGE ? [i] : [],
      );
      const numbers = variables.reduce((sum, { shape }) => sum + elements(shape), 0);
      assert.ok(sums.length > 1 && sums.length < numbers / (1 << 20), `${program}: ${sums.length} sums`);
      for (const sum of sums.slice(0, -1)) {
        const used = steps.findIndex((step, i) => i > sum && readsAny(step, steps[sum] as (typeof steps)[0]));
        const beside = steps.slice(sum, used).map(({ op }) => op);
        assert.ok(
          beside.some((op) => /^conv2d|^matmul/.test(op)),
          `${program}: ${beside.join(' ')}`,
        );
      }
    }
  });
}

test.run();
