import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GraphError } from '../../src/errors.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { ancestors } from '../../src/graph/walk.ts';
import * as gannet from '../../src/ops/index.ts';
import { decompositionOf } from '../../src/ops/rules.ts';
import { relativeError } from '../../src/oracle/compare.ts';
import { evaluate } from '../../src/oracle/evaluate.ts';
import { scoped } from '../../src/tensor/scope.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';
import { inputValues } from '../cases.ts';

/** The tensors that `body` builds, evaluated; feeds hold `values`, or numbers of their own. */
function run(body: () => readonly Tensor[], values: Readonly<Record<string, readonly number[]>> = {}): Float64Array[] {
  let outputs: readonly Tensor[] = [];
  const { feeds } = trace('test', () => {
    outputs = body();
    return {};
  });
  const bindings = feeds.map(({ attributes: { name }, shape }, i): [string, Float64Array] => {
    return [name, values[name] ? Float64Array.from(values[name]) : inputValues({ shape }, i)];
  });
  return evaluate(outputs, Object.fromEntries(bindings));
}

const scalar = (name = 'x'): Tensor => feed(name, []);
const close = (actual: readonly Float64Array[], expected: readonly Float64Array[]): void => {
  actual.forEach((values, i) => {
    const error = relativeError(values, expected[i] as Float64Array);
    assert.ok(
      error < 1e-9,
      `result ${i} is off by ${error}: ${values.slice(0, 4)} instead of ${expected[i]?.slice(0, 4)}`,
    );
  });
};

test('nothing flows back through what stops the gradient, in any order', () => {
  const [value, dx, dxx] = run(
    () => {
      const x = scalar();
      const y = gannet.mul(gannet.square(x), gannet.stopGradient(gannet.mul(x, x)));
      const [first] = gradients(y, [x]);
      const [second] = gradients(first, [x]);
      return [y, first, second];
    },
    { x: [3] },
  );
  // x^2 c with c = 9: 2 x c and 2 c.
  assert.equal([value?.[0], dx?.[0], dxx?.[0]], [81, 54, 18]);
});

test('paths that meet add up', () => {
  const [dx] = run(
    () => {
      const x = scalar();
      const y = gannet.mul(x, 3);
      return gradients(gannet.add(gannet.mul(y, y), gannet.add(y, x)), [x]);
    },
    { x: [2] },
  );
  assert.equal(dx, Float64Array.of(40));
});

test('an x that y does not depend on has gradient zero, of its own shape', () => {
  const results = run(() => {
    const [x, unused] = [scalar(), feed('unused', [2, 3])];
    return gradients(gannet.square(x), [unused, x]);
  });
  assert.equal(results[0], new Float64Array(6));
});

test('an x that y depends on through its sign alone has gradient zero', () => {
  const [dx] = run(() => {
    const x = feed('x', [3]);
    return gradients(gannet.reduceSum(gannet.sign(x)), [x]);
  });
  assert.equal(dx, new Float64Array(3));
});

test('y may be one of the xs: its gradient is the seed', () => {
  const results = run(
    () => {
      const x = scalar();
      const y = gannet.square(x);
      return gradients(y, [y, x, y]);
    },
    { x: [3] },
  );
  assert.equal(results, [Float64Array.of(1), Float64Array.of(6), Float64Array.of(1)]);
});

test('an x in the middle of the graph gets the gradient that flows into it, and lets it pass', () => {
  const results = run(
    () => {
      const x = scalar();
      const middle = gannet.square(x);
      return gradients(gannet.exp(middle), [middle, x]);
    },
    { x: [0.5] },
  );
  assert.equal(results, [Float64Array.of(Math.exp(0.25)), Float64Array.of(Math.exp(0.25))]);
});

test('a seed makes a vector-Jacobian product of a tensor', () => {
  const [dx] = run(
    () => {
      const x = feed('x', [3]);
      return gradients(gannet.square(x), [x], feed('seed', [3]));
    },
    { x: [1, 2, 3], seed: [1, 0, -1] },
  );
  assert.equal(dx, Float64Array.of(2, 0, -6));
});

test('a tensor without a seed is refused', () => {
  trace('test', () => {
    const x = feed('x', [2, 3]);
    assert.throws(
      () => gradients(x, [x]),
      (error: Error) => {
        assert.instance(error, GraphError);
        assert.is((error as GraphError).code, 'gradient_of_tensor');
        assert.match(error.message, 'but received [2,3]');
        return true;
      },
    );
    return {};
  });
});

test('derivatives can be taken again and again', () => {
  const results = run(
    () => {
      const x = scalar();
      const powers: Tensor[] = [gannet.mul(gannet.square(gannet.square(x)), x)];
      for (let order = 1; order <= 4; order++) powers.push(gradients(powers.at(-1) as Tensor, [x])[0] as Tensor);
      return powers;
    },
    { x: [2] },
  );
  assert.equal(
    results.map(([value]) => value),
    [32, 80, 160, 240, 240],
  );
});

test('a graph deeper than the call stack is differentiated', () => {
  const [dx] = run(
    () => {
      const x = scalar();
      let y: Tensor = x;
      for (let i = 0; i < 20_000; i++) y = gannet.add(y, x);
      return gradients(y, [x]);
    },
    { x: [1] },
  );
  assert.equal(dx, Float64Array.of(20_001));
});

test('gradients belong to the layer whose gradients they are', () => {
  trace('test', () => {
    const x = feed('x', [2, 5, 5, 3]);
    const y = scoped('critic', () => scoped('layer1', () => gannet.conv2d(x, feed('w', [4, 3, 3, 3]))));
    const [dx] = gradients(gannet.reduceSum(y), [x]) as [Tensor];
    assert.is(dx.op, 'conv2dInputGradient');
    assert.is(dx.scope, 'critic.layer1');
    return {};
  });
});

const SHAPE: Shape = [3, 2, 3, 4];
const normalisations = { batchNorm: gannet.batchNorm, layerNorm: gannet.layerNorm };
type Normalise = typeof gannet.batchNorm;

/** The same, as the simple ops that define it, each with its own gradient. */
const decomposed =
  (normalise: Normalise): Normalise =>
  (...inputs) =>
    decompositionOf(normalise(...inputs)) as Tensor;

/** Derivatives to third order of sum((seed * f(x, gain, bias))^2), where the seed depends on x as well. */
function derivativesOf(normalise: Normalise): Tensor[] {
  const xs = [feed('x', SHAPE), feed('gain', [4]), feed('bias', [4])] as [Tensor, Tensor, Tensor];
  const seed = gannet.sigmoid(gannet.mul(xs[0], feed('scale', SHAPE)));
  let y = gannet.reduceSum(gannet.square(gannet.mul(seed, normalise(...xs, 1e-2))));
  return [1, 2, 3].flatMap((order) => {
    const dxs = gradients(y, xs);
    const directions = dxs.map((dx, i) => feed(`direction ${order} ${i}`, dx.shape));
    y = dxs.map((dx, i) => gannet.reduceSum(gannet.mul(dx, directions[i] as Tensor))).reduce(gannet.add);
    return dxs;
  });
}

for (const [name, normalise] of Object.entries(normalisations)) {
  test(`${name}: the rules are the derivatives of the decomposition, to third order`, () => {
    close(
      run(() => derivativesOf(normalise)),
      run(() => derivativesOf(decomposed(normalise))),
    );
  });

  test(`${name}: the gradient is one composite, so that a device can run it as one kernel`, () => {
    trace('test', () => {
      const x = feed('x', SHAPE);
      const y = normalise(x, feed('gain', [4]), feed('bias', [4]), 1e-5);
      const [dx] = gradients(gannet.reduceSum(gannet.mul(y, x)), [x]) as [Tensor];
      assert.is(ancestors([dx]).filter(({ op }) => op === `${name}Gradient`).length, 1);
      return {};
    });
  });
}

/** WGAN-GP's penalty of a critic in which a normalisation is followed by what makes its output gradient depend on x. */
function penalty(normalise: Normalise): Tensor[] {
  const weights = [
    feed('filter', [3, 3, 3, 2]),
    feed('gain', [3]),
    feed('bias', [3]),
    feed('weight', [27, 1]),
  ] as const;
  const [filter, gain, bias, weight] = weights;
  const x = feed('x', [4, 5, 5, 2]);
  const hidden = gannet.tanh(normalise(gannet.elu(gannet.conv2d(x, filter, { stride: 2 })), gain, bias, 1e-2));
  const [dx] = gradients(gannet.reduceSum(gannet.matmul(gannet.flatten(hidden), weight)), [x]) as [Tensor];
  const norms = gannet.sqrt(gannet.reduceSum(gannet.square(dx), [1, 2, 3]));
  return gradients(gannet.reduceMean(gannet.square(gannet.sub(norms, 1))), weights);
}

for (const [name, normalise] of Object.entries(normalisations)) {
  test(`the gradient penalty through ${name} has the gradients of the decomposition`, () => {
    const results = run(() => penalty(normalise));
    close(
      results,
      run(() => penalty(decomposed(normalise))),
    );
    assert.ok(
      results.every((dw) => dw.some((value) => Math.abs(value) > 1e-6)),
      'every weight matters',
    );
  });
}

test.run();
