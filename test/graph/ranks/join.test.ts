import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { joinSums } from '../../../src/graph/ranks/join.ts';
import { ancestors, roots } from '../../../src/graph/walk.ts';
import { allReduceSum } from '../../../src/ops/all_reduce.ts';
import { add, mul, sub, tanh } from '../../../src/ops/index.ts';
import { evaluate } from '../../../src/oracle/evaluate.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { feed, trace } from '../../../src/tensor/trace.ts';

const values = { x: Float64Array.of(1, 2, 3), y: Float64Array.of(0.25, -4, 5) };

/** How many sums over ranks are left of what `build` makes of x and y, whose values stay as they were. */
function sumsLeft(build: (x: Tensor, y: Tensor) => Record<string, Tensor>): number {
  const graph = trace('sums', () => build(feed('x', [3]), feed('y', [3])));
  const joined = joinSums(graph);
  assert.equal(evaluate(Object.values(joined.outputs), values), evaluate(Object.values(graph.outputs), values));
  return ancestors(roots(joined)).filter(({ op }) => op === 'allReduce').length;
}

test('two sums of which nothing but their sum or difference is used become one', () => {
  assert.is(
    sumsLeft((x, y) => ({ z: tanh(add(allReduceSum(x), allReduceSum(y))) })),
    1,
  );
  assert.is(
    sumsLeft((x, y) => ({ z: sub(allReduceSum(x), allReduceSum(y)) })),
    1,
  );
});

test('so do three', () => {
  assert.is(
    sumsLeft((x, y) => ({ z: add(sub(allReduceSum(x), allReduceSum(y)), allReduceSum(mul(x, y))) })),
    1,
  );
});

test('sums that are used otherwise too, or wanted themselves, stay', () => {
  const both = (x: Tensor, y: Tensor) => [allReduceSum(x), allReduceSum(y)] as const;
  assert.is(
    sumsLeft((x, y) => {
      const [a, b] = both(x, y);
      return { z: add(a, b), used: mul(a, b) };
    }),
    2,
  );
  assert.is(
    sumsLeft((x, y) => {
      const [a, b] = both(x, y);
      return { z: add(a, b), a, b };
    }),
    2,
  );
});

test('products of sums, and a sum with something else, stay', () => {
  assert.is(
    sumsLeft((x, y) => ({ z: mul(allReduceSum(x), allReduceSum(y)) })),
    2,
  );
  assert.is(
    sumsLeft((x, y) => ({ z: add(allReduceSum(x), y) })),
    1,
  );
});

test.run();
