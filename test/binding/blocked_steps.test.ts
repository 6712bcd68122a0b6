import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '../../src/device/index.ts';
import { gradients } from '../../src/graph/index.ts';
import { batchNorm, layerNorm, leakyRelu, mul, perSample, reduceSum, square } from '../../src/ops/index.ts';
import { relativeError } from '../../src/oracle/compare.ts';
import { evaluate } from '../../src/oracle/evaluate.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, type Graph, trace } from '../../src/tensor/trace.ts';
import { inputValues } from '../cases.ts';

// The CPU device runs expressions and statistics that pass values to one another a block of samples at a time. How many threads there are
// decides which steps run so, and must not show in any bit.

const EPSILON = 1e-5;
const axesOfSamples = (shape: Shape): number[] => shape.slice(1).map((_, i) => i + 1);

/** From x, gain and bias to results. */
type Body = (x: Tensor, gain: Tensor, bias: Tensor) => Record<string, Tensor>;

/** The gradients of a normalisation, each of which is taken of values that it leaves behind. */
const backward =
  (norm: typeof layerNorm): Body =>
  (x, gain, bias) => {
    const y = leakyRelu(norm(x, gain, bias, EPSILON), 0.2);
    const [dx, dGain, dBias] = gradients(y, [x, gain, bias], feed('dy', x.shape)) as [Tensor, Tensor, Tensor];
    return { y, dx, dGain, dBias };
  };

const BODIES: Record<string, Body> = {
  'layer norm and its gradients': backward(layerNorm),
  'batch norm and its gradients': backward(batchNorm),
  'gradients of the slopes of layer norm': (x, gain, bias) => {
    const [slope] = gradients(reduceSum(mul(layerNorm(x, gain, bias, EPSILON), feed('dy', x.shape))), [x]) as [Tensor];
    const penalty = reduceSum(square(reduceSum(square(slope), axesOfSamples(x.shape))));
    const [dx, dGain] = gradients(penalty, [x, gain]) as [Tensor, Tensor];
    return { slope, dx, dGain };
  },
  'samples scaled by their own sums': (x, gain) => {
    const sums = reduceSum(square(x), axesOfSamples(x.shape));
    return { y: mul(mul(x, perSample(sums, x.shape)), reduceSum(gain)), sums };
  },
};

const SHAPES: readonly [why: string, shape: Shape][] = [
  ['odd sizes, a batch that no two threads share evenly', [5, 23, 21, 17]],
  ['samples of which several make a piece of a reduction, the last piece smaller', [6, 16, 16, 64]],
  ['a piece of a reduction for each sample', [2, 16, 16, 256]],
  ['short rows', [600, 120]],
];

const graphOf = (body: Body, shape: Shape): Graph =>
  trace('test', () => {
    const channels = shape.slice(-1);
    return body(feed('x', shape), feed('gain', channels), feed('bias', channels));
  });

async function resultsOf(graph: Graph, values: Record<string, Float64Array>, threads: number) {
  const device = await openDevice('cpu', { threads });
  try {
    const executable = await device.load(graph);
    const feeds = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Float32Array.from(value)]));
    const { outputs } = await device.run([{ executable, feeds, fetch: true }]);
    return outputs[0] as Record<string, Float32Array>;
  } finally {
    device.close();
  }
}

for (const [what, body] of Object.entries(BODIES)) {
  for (const [why, shape] of SHAPES) {
    test(`${what}, ${why}: right, and the same bits with any number of threads`, async () => {
      const graph = graphOf(body, shape);
      const values = Object.fromEntries(
        graph.feeds.map(({ attributes: { name }, shape }, i) => [name, inputValues({ shape }, i)]),
      );
      const results = await resultsOf(graph, values, 1);
      const names = Object.keys(graph.outputs);
      const exact = evaluate(Object.values(graph.outputs), values);
      names.forEach((name, i) => {
        const error = relativeError(results[name] as Float32Array, exact[i] as Float64Array);
        assert.ok(error < 2e-5, `${name} is off by ${error}`);
      });
      for (const threads of [2, 4]) assert.equal(await resultsOf(graph, values, threads), results);
    });
  }
}

test.run();
