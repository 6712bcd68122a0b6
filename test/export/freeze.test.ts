import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { channelsFirst } from '../../src/export/portable/channels_first.ts';
import { freeze } from '../../src/export/portable/freeze.ts';
import { nodesOf, type PortableGraph, type PortableNode } from '../../src/export/portable/graph.ts';
import { uniqueNames } from '../../src/export/portable/names.ts';
import { zeros } from '../../src/nn/initializers.ts';
import { parameter } from '../../src/nn/layer.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';

/** The portable graph of y = body(x), x [N, ...shape]; every variable holds 1, 2, 3, ... */
const frozen = (shape: readonly number[], body: (x: Tensor) => Tensor, fold = true): Promise<PortableGraph> =>
  freeze(
    (batch) => trace('test', () => ({ y: body(feed('x', [batch, ...shape])) })),
    async () => Float32Array.from({ length: 6 }, (_, i) => i + 1),
    { fold },
  );

const operators = (graph: PortableGraph): string =>
  nodesOf(graph)
    .map(({ op }) => op)
    .join(' ');

test('the batch stays open, and a broadcast becomes an operand with axes of size 1', async () => {
  const bias = parameter('bias', [6], zeros);
  const graph = await frozen([2, 3], (x) =>
    ops.add(ops.flatten(x), ops.perChannel(read(bias), [x.shape[0] as number, 6])),
  );
  assert.is(operators(graph), 'input reshape weights add');
  assert.equal(graph.inputs[0]?.shape, ['batch', 2, 3]);
  assert.equal(graph.outputs.y?.shape, ['batch', 6]);
  assert.equal(
    nodesOf(graph).map(({ shape }) => shape.join()),
    ['batch,2,3', 'batch,6', '1,6', 'batch,6'],
  );
});

test('what depends on weights alone is computed, or kept where weights are to stay what they are', async () => {
  const weight = parameter('weight', [2, 3], zeros);
  const body = (x: Tensor) => ops.matmul(x, ops.mul(2, ops.square(read(weight))));
  const folded = await frozen([2], body);
  assert.is(operators(folded), 'input weights matmul');
  const [, values] = nodesOf(folded) as [unknown, PortableNode<'weights'>];
  assert.equal([...values.attributes.data], [2, 8, 18, 32, 50, 72]);
  assert.is(operators(await frozen([2], body, false)), 'input weights weights mul mul matmul');
  const bias = parameter('bias', [6], zeros);
  const kept = await frozen([6], (x) => ops.add(x, ops.perChannel(read(bias), x.shape)), false);
  const shapes = nodesOf(kept).map(({ op, shape }) => `${op} ${shape}`);
  assert.equal(shapes, ['input batch,6', 'weights 6', 'reshape 1,6', 'add batch,6'], 'in the shape that it has');
});

test('what only gannet computes is no obstacle where its result alone is written', async () => {
  const weight = parameter('weight', [2, 3], zeros);
  const body = (x: Tensor) =>
    ops.matmul(x, ops.mul(2, ops.cholesky(ops.matmul(read(weight), read(weight), { transposeB: true }))));
  const folded = await frozen([2], body);
  assert.is(operators(folded), 'input weights matmul');
  const error = await frozen([2], body, false).catch((caught: Error) => caught);
  assert.match((error as Error).message, 'the op cholesky has no counterpart in other programs');
});

test('what depends on the number of images is refused by its op, and so is what only gannet computes', async () => {
  const refusal = async (body: (x: Tensor) => Tensor): Promise<string> => {
    const error = await frozen([4], body).catch((caught: Error & { code?: string }) => caught);
    return error instanceof Error ? `${(error as { code?: string }).code}: ${error.message}` : 'nothing';
  };
  const meanOfImages = (x: Tensor) => ops.sub(x, ops.perChannel(ops.reduceMean(x, [0]), x.shape));
  assert.match(await refusal(meanOfImages), /^export_unsupported: .*depends on the number of images/);
  const drawn = (x: Tensor) => ops.add(x, ops.randomNormal(feed('random', [2], 'int32'), x.shape));
  assert.match(await refusal(drawn), /^export_unsupported: .*the op randomNormal/);
  const ofFew = (x: Tensor) => ((x.shape[0] as number) < 1010 ? ops.tanh(x) : ops.relu(x));
  assert.match(await refusal(ofFew), /^export_unsupported: .*depends on the number of images/);
  const bias = parameter('bias', [6], zeros);
  const alike = (x: Tensor) => ops.concat([x, ops.perChannel(read(bias), [x.shape[0] as number, 6])], 1);
  assert.match(await refusal(alike), /^export_unsupported: .*makes \[batch,6\] of what is the same for all images/);
});

test('with channels first, an image between two convolutions is not turned, and an axis of one is moved for nothing', async () => {
  const filter = parameter('filter', [2, 1, 1, 3], zeros);
  const body = (x: Tensor) => ops.reduceSum(ops.relu(ops.conv2d(x, read(filter))), [1, 2]);
  const graph = channelsFirst(await frozen([4, 4, 3], body), { ends: 'NHWC' });
  assert.is(operators(graph), 'input transpose weights conv2d relu reduceSum');
  const [, , weights, , , sum] = nodesOf(graph) as PortableNode[];
  assert.equal(weights?.shape, [2, 3, 1, 1]);
  assert.equal((sum as PortableNode<'reduceSum'>).attributes.axes, [2, 3]);
  const ofRows = await frozen([4, 4, 3], (x) => ops.reduceSum(ops.conv2d(x, read(filter)), [1]));
  const turnedBack = 'input transpose weights conv2d transpose reduceSum';
  assert.is(operators(channelsFirst(ofRows, { ends: 'NHWC' })), turnedBack, 'the axes kept lie in another order');
  const grey = parameter('filter', [6, 1, 1, 1], zeros);
  const ofGrey = await frozen([4, 4, 1], (x) => ops.conv2d(x, read(grey)));
  assert.is(operators(channelsFirst(ofGrey, { ends: 'NHWC' })), 'input reshape weights conv2d transpose');
});

test('names that are made unique are no names that are wanted already', () => {
  const unique = uniqueNames();
  const made = ['a_2', 'a', 'a', 'a', 'a_2'].map(unique);
  assert.is(new Set(made).size, 5, made.join());
});

test.run();
