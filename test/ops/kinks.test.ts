import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/graph/gradients.ts';
import * as gannet from '../../src/ops/index.ts';
import { evaluate } from '../../src/oracle/evaluate.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

/** The gradients of sum(f(a, b)) with respect to vectors a and b. */
function gradientsAt(f: (a: Tensor, b: Tensor) => Tensor, a: readonly number[], b: readonly number[] = a): number[][] {
  let found: Tensor[] = [];
  trace('test', () => {
    const inputs: [Tensor, Tensor] = [feed('a', [a.length]), feed('b', [b.length])];
    found = gradients(gannet.reduceSum(f(...inputs)), inputs);
    return {};
  });
  return evaluate(found, { a: Float64Array.from(a), b: Float64Array.from(b) }).map((values) => [...values]);
}

test('at zero relu, abs and sign have gradient zero, leakyRelu and elu their slope', () => {
  const at = (f: (x: Tensor) => Tensor) => gradientsAt(f, [0])[0];
  assert.equal(at(gannet.relu), [0]);
  assert.equal(at(gannet.abs), [0]);
  assert.equal(at(gannet.sign), [0]);
  assert.equal(
    at((x) => gannet.leakyRelu(x, 0.2)),
    [0.2],
  );
  assert.equal(
    at((x) => gannet.elu(x, 0.7)),
    [0.7],
  );
});

test('where operands are equal, maximum and minimum give the gradient to the first', () => {
  assert.equal(gradientsAt(gannet.maximum, [1, 2, 3], [1, 3, 2]), [
    [1, 0, 1],
    [0, 1, 0],
  ]);
  assert.equal(gradientsAt(gannet.minimum, [1, 2, 3], [1, 3, 2]), [
    [1, 1, 0],
    [0, 0, 1],
  ]);
});

test('a condition of zero selects the second branch, and gets no gradient itself', () => {
  assert.equal(
    gradientsAt((a, b) => gannet.select(a, gannet.mul(b, 2), b), [0, 1], [5, 5]),
    [
      [0, 0],
      [1, 2],
    ],
  );
});

test('elements that tie for the maximum share its gradient', () => {
  assert.equal(gradientsAt((a) => gannet.reduceMax(a), [3, 1, 3, 2])[0], [0.5, 0, 0.5, 0]);
});

test('pixels that tie for the maximum of a window leave its gradient to the first', () => {
  const pool = (a: Tensor) => gannet.maxPool(gannet.reshape(a, [1, 2, 2, 1]), 2);
  assert.equal(gradientsAt(pool, [1, 4, 4, 4])[0], [0, 1, 0, 0]);
});

test.run();
