import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simplify } from '../../src/graph/simplify.ts';
import { div, fill } from '../../src/ops/index.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

/** Whether the quotients of an input by two numbers are one node in the end. */
function areOne(a: number, b: number): boolean {
  const graph = trace('quotients', () => {
    const x = feed('x', [2]);
    return { a: div(x, fill(a, [2])), b: div(x, fill(b, [2])) };
  });
  const { outputs } = simplify(graph);
  return outputs.a === outputs.b;
}

test('equal expressions are merged, those of different numbers are not', () => {
  const numbers = [2, 3, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  for (const a of numbers) {
    for (const b of numbers) assert.is(areOne(a, b), Object.is(a, b), `${a} and ${b}`);
  }
});

test.run();
