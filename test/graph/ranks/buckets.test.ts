import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../../src/graph/index.ts';
import { bucketed } from '../../../src/graph/ranks/buckets.ts';
import { ancestors, roots } from '../../../src/graph/walk.ts';
import { zeros } from '../../../src/nn/initializers.ts';
import { allReduceSum } from '../../../src/ops/all_reduce.ts';
import { add, assign, matmul, mul, reduceSum, sub, tanh } from '../../../src/ops/index.ts';
import { evaluate } from '../../../src/oracle/evaluate.ts';
import { elements, type Shape } from '../../../src/tensor/shape.ts';
import { feed, type Graph, read, trace } from '../../../src/tensor/trace.ts';
import { computeInStep } from './in_step.ts';

const weight = (name: string, shape: Shape) =>
  ({ name, shape, dtype: 'float32', initializer: zeros, trainable: true }) as const;

const lengthsOfSums = (graph: Graph): number[] =>
  ancestors(roots(graph)).flatMap(({ op, shape }) => (op === 'allReduce' ? [elements(shape)] : []));

test('sums over ranks that no other waits for are made as one, and each keeps its shape and value', () => {
  const graph = trace('three', () => {
    const [x, y] = [feed('x', [2, 3]), feed('y', [4])];
    return { x: allReduceSum(x), y: tanh(allReduceSum(y)), z: allReduceSum(mul(y, y)) };
  });
  const together = bucketed(graph);
  assert.equal(lengthsOfSums(together), [6 + 4 + 4]);
  const values = { x: Float64Array.of(1, 2, 3, 4, 5, 6), y: Float64Array.of(7, 8, 9, 10) };
  const names = ['x', 'y', 'z'] as const;
  assert.equal(
    evaluate(
      names.map((name) => together.outputs[name]),
      values,
    ),
    evaluate(
      names.map((name) => graph.outputs[name]),
      values,
    ),
  );
});

test('a sum that another one is made of is made by itself, before it', () => {
  const graph = trace('one of another', () => {
    const x = feed('x', [3]);
    const first = allReduceSum(x);
    return { last: allReduceSum(mul(first, x)), other: allReduceSum(tanh(x)) };
  });
  assert.equal(lengthsOfSums(bucketed(graph)), [3, 6]);
});

test('a bucket is full at 2^20 numbers, so that sums begin while gradients are still computed', () => {
  const graph = trace('large', () => {
    const large = feed('large', [1 << 19]);
    const parts = [1, 2, 3].map((factor) => allReduceSum(mul(factor, large)));
    return Object.fromEntries(parts.map((part, i) => [`part${i}`, part]));
  });
  assert.equal(lengthsOfSums(bucketed(graph)), [1 << 20, 1 << 19]);
});

test('whole numbers are summed by themselves', () => {
  const graph = trace('two types', () => ({
    counts: allReduceSum(feed('counts', [3], 'int32')),
    x: allReduceSum(feed('x', [3])),
    y: allReduceSum(feed('y', [3])),
  }));
  assert.equal(lengthsOfSums(bucketed(graph)), [3, 6]);
});

test('the gradients of all weights are one sum, and every rank moves its weights as one process would', () => {
  const [first, second] = [weight('first', [3, 5]), weight('second', [5, 1])];
  const graph = trace('descent', () => {
    const target = feed('target', [4, 1]);
    const error = sub(matmul(tanh(matmul(feed('images', [4, 3]), read(first))), read(second)), target);
    const loss = reduceSum(mul(error, error));
    const slopes = gradients(loss, [read(first), read(second)]);
    for (const [i, variable] of [first, second].entries())
      assign(variable, add(read(variable), mul(-0.1, slopes[i] as typeof loss)));
    return { loss };
  });
  const values = Object.fromEntries(
    Object.entries({ images: 12, target: 4, first: 15, second: 5 }).map(([name, length]) => [
      name,
      Float64Array.from({ length }, (_, i) => Math.sin(i + length)),
    ]),
  );
  const { summed, outputs, variables } = computeInStep(graph, values, 2, 4);
  assert.equal(summed, [[1 + 15 + 5]]);
  const alone = computeInStep(graph, values, 1, 4);
  for (const rank of [0, 1]) {
    assert.ok(Math.abs((outputs[rank]?.loss?.[0] as number) - (alone.outputs[0]?.loss?.[0] as number)) < 1e-12);
    for (const name of ['first', 'second']) {
      const expected = alone.variables[0]?.[name] as Float64Array;
      assert.is(variables[rank]?.[name]?.length, expected.length);
      for (const [i, value] of expected.entries())
        assert.ok(Math.abs(value - (variables[rank]?.[name]?.[i] as number)) < 1e-12, `${name} ${i}`);
    }
  }
});

test.run();
