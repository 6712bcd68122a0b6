import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import type { Program } from '../../src/graph/program.ts';
import { POSTPONED_ELEMENTS } from '../../src/graph/reorder.ts';
import { verifyProgram } from '../../src/graph/verify.ts';
import * as gannet from '../../src/ops/index.ts';
import { updateOps } from '../../src/ops/update.ts';
import type { OpName } from '../../src/tensor/operators.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { computeFirst, feed, overwrite, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';

const SMALL = POSTPONED_ELEMENTS - 1;

const variable = (name: string, shape: readonly number[]): Variable => ({
  name,
  shape,
  dtype: 'float32',
  initializer: () => gannet.fill(0, shape),
  trainable: true,
});

const planned = (body: () => Record<string, Tensor>, claims: readonly OpName[] = []): Program => {
  const program = compile(trace('test', body), new Set(claims));
  verifyProgram(program);
  return program;
};

/** An update of a variable of `size` elements by a gradient of its own. */
function descend(name: string, size: number, clip = 1): Variable {
  const weight = variable(name, [size]);
  const gradient = gannet.square(feed(`${name} gradient`, [size]));
  overwrite(weight, updateOps.sgd({ clip }, read(weight), gradient, feed('rate', [])));
  return weight;
}

/** Each step as its op, updates with the name of their variable. */
const steps = ({ steps: list, variables }: Program): string[] =>
  list.map(({ op, output }) => (output.storage === 'variable' ? `${op} ${variables[output.offset]?.name}` : op));

test('updates of small tensors come last, those with equal settings together', () => {
  const program = planned(() => {
    descend('a', SMALL);
    descend('large', POSTPONED_ELEMENTS);
    descend('b', 1, 2);
    descend('c', 10);
    return {};
  });
  assert.equal(steps(program), [
    'elementwise',
    'elementwise',
    'sgd large',
    'elementwise',
    'elementwise',
    'sgd a',
    'sgd c',
    'sgd b',
  ]);
});

test('an update whose result is read again keeps its place', () => {
  const program = planned(() => {
    const a = descend('a', 3);
    descend('b', 3);
    return { sum: gannet.reduceSum(read(a)) };
  });
  assert.equal(steps(program).slice(0, 3), ['elementwise', 'sgd a', 'reduce']);
  assert.is(steps(program).at(-1), 'sgd b');
});

test('an update is not put off behind one that overwrites what it reads', () => {
  const program = planned(() => {
    const [weight, rate] = [variable('w', [3]), variable('rate', [])];
    overwrite(weight, updateOps.sgd({ clip: 1 }, read(weight), feed('gradient', [3]), read(rate)));
    overwrite(rate, updateOps.assign({}, read(rate), feed('next', [])));
    return {};
  });
  assert.equal(steps(program), ['sgd w', 'assign rate']);
});

/** Updates of two variables, each by the difference of products of two large matrices, which meet in both. */
const halvesThatMeet = (first: boolean): Program =>
  planned(() => {
    const products = ['a', 'b'].map((name) => {
      const large = gannet.matmul(feed(`${name} column`, [100, 1]), feed(`${name} row`, [1, 100]));
      return ['x', 'y'].map((vector) => gannet.matmul(large, feed(`${name} ${vector}`, [100, 1])));
    });
    const [ofA, ofB] = products as [Tensor[], Tensor[]];
    if (first) computeFirst(ofA);
    ofA.forEach((a, i) => {
      gannet.assign(variable(`w${i}`, [100, 1]), gannet.sub(a, ofB[i] as Tensor));
    });
    return {};
  });

test('a part of a graph that is computed first leaves its memory to the next', () => {
  const [large, small] = [40_000, 400];
  const kept = halvesThatMeet(false).arenaBytes;
  const left = halvesThatMeet(true).arenaBytes;
  assert.ok(kept >= 2 * large, `${kept}`);
  assert.ok(left >= large + 2 * small && left < large + 5 * small, `${left}`);
  assert.is(halvesThatMeet(true).steps.filter(({ op }) => op === 'matmul').length, 6);
});

test('what is computed first is computed once, and before an update that overwrites what it reads', () => {
  const program = planned(() => {
    const [weight, x] = [variable('w', [2, 2]), feed('x', [2, 2])];
    // Passes leave the addition of nothing away, and with it the product of its result.
    const old = gannet.matmul(gannet.add(read(weight), 0), x);
    gannet.assign(weight, x);
    computeFirst([old]);
    return { sum: gannet.reduceSum(old) };
  });
  assert.equal(steps(program), ['matmul', 'reduce', 'assign w']);
});

test('an output that an update overwrites is refused, in whatever shape', () => {
  for (const shaped of [(x: Tensor) => x, (x: Tensor) => gannet.reshape(x, [3, 2])]) {
    const body = () => {
      const weight = variable('w', [2, 3]);
      const before = shaped(read(weight));
      gannet.assign(weight, feed('next', [2, 3]));
      return { before };
    };
    assert.throws(
      () => planned(body),
      /output 'before' is a variable's value from before its update; read\(\) it after/,
    );
  }
});

test('statistics of the channels of a product stand right behind it, before all that could wait', () => {
  const program = planned(() => {
    const [x, v, w] = [feed('x', [8, 4]), feed('v', [4, 6]), feed('w', [4, 6])];
    const [first, second] = [gannet.matmul(x, v), gannet.matmul(x, w)];
    const both = gannet.add(gannet.mul(first, first), second);
    return { both, mean: gannet.moments(first, [0]).mean, samples: gannet.moments(second, [1]).mean };
  }, ['reduceMoments']);
  assert.equal(steps(program), ['matmul', 'reduceMoments', 'matmul', 'elementwise', 'reduceMoments']);
});

test.run();
