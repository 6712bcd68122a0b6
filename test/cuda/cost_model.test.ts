import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countCost, GPUS, type GpuName, type Precision, type ProgramCost } from '../../src/device/index.ts';
import { DeviceError } from '../../src/errors.ts';
import type { StepProgram } from '../../src/games/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { zeros } from '../../src/nn/initializers.ts';
import { statistic } from '../../src/nn/layer.ts';
import { assignRows, embedding } from '../../src/ops/index.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';
import { createModel } from '../../src/train/index.ts';

function costOfStep(recipe: string, gpu: GpuName, precision: Precision): { cost: ProgramCost; repeats: number }[] {
  return createModel(resolveConfig({ recipe })).match.programs.map(({ trace, repeats }) => ({
    cost: countCost(trace(), GPUS[gpu], precision),
    repeats: repeats.usual,
  }));
}

const total = (recipe: string, gpu: GpuName, precision: Precision, of: 'flops' | 'floorMs' | 'bytes'): number =>
  costOfStep(recipe, gpu, precision).reduce((sum, { cost, repeats }) => sum + cost[of] * repeats, 0);

/** Whether a number is within 3 % of what it was worked out to be by hand. */
const expectNear = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual / expected - 1) < 0.03, `${actual}, not ${expected}`);

test('the DCGAN at batch 128 takes 1.96 TFLOP a step', () =>
  expectNear(total('dcgan', 'a100', 'tf32', 'flops'), 1.96e12));

test('WGAN-GP with layer norm takes 11.42 TFLOP a step', () =>
  expectNear(total('wgan-gp', 'a100', 'tf32', 'flops'), 11.42e12));

test('BEGAN at batch 48 takes 5.26 TFLOP a step', () => expectNear(total('began', 'a100', 'tf32', 'flops'), 5.26e12));

test('a step of the DCGAN moves 8.3 GB: what its products compute on the way to memory crosses no bus twice', () =>
  expectNear(total('dcgan', 'a100', 'tf32', 'bytes'), 8.34e9));

test('rows of a table are moved without the others', () => {
  const rows = 4096;
  const store = statistic('store', [rows, 8], zeros);
  const graph = trace('rows', () => {
    const indices = feed('indices', [4], 'int32');
    assignRows(store, indices, feed('rows', [4, 8]));
    return { looked: embedding(read(store), indices) };
  });
  const { bytes } = countCost(graph, GPUS.a100);
  assert.ok(bytes < rows, `${bytes} bytes`);
});

test('no peak is exceeded: the floor is at least the products at the full speed of the card', () => {
  assert.ok(total('dcgan', 't4', 'float32', 'floorMs') >= 242);
  assert.ok(total('dcgan', 'h100', 'bfloat16', 'floorMs') >= 1.98);
});

test('a product takes no less than its operations, its bytes and the issue of its instructions take', () => {
  const { multiprocessors, clockHz, peak, bytesPerSecond } = GPUS.h100;
  const operationsOfMultiplication = 2 * 16 * 8 * 16;
  const products = costOfStep('dcgan', 'h100', 'bfloat16')
    .flatMap(({ cost }) => [...cost.launches])
    .filter(({ slots }) => slots !== undefined);
  assert.ok(products.length > 20);
  let boundByIssue = 0;
  for (const { flops, bytes, slots, rooflineMs } of products) {
    const multiplications = flops / operationsOfMultiplication;
    const issueMs = (1e3 * multiplications * (slots as number)) / (multiprocessors * 4 * clockHz);
    const otherMs = 1e3 * Math.max(flops / peak.bfloat16, bytes / bytesPerSecond);
    expectNear(rooflineMs, Math.max(issueMs, otherMs));
    if (issueMs > otherMs) boundByIssue++;
  }
  assert.ok(boundByIssue > 0);
});

test('launches on the tensor cores are counted once: their operations add up to those of the program', () => {
  for (const { cost } of costOfStep('dcgan', 'a100', 'tf32')) {
    const products = cost.launches.filter(({ kernel }) => /^(conv2d|matmul)/.test(kernel));
    expectNear(
      products.reduce((sum, { flops }) => sum + flops, 0),
      cost.flops,
    );
  }
});

test('every product keeps two blocks, or a quarter of the threads, on each multiprocessor', () => {
  for (const gpu of ['t4', 'a100', 'h100'] as const) {
    const launches = costOfStep('dcgan', gpu, 'float32').flatMap(({ cost }) => [...cost.launches]);
    const products = launches.filter(({ kernel }) => /^(conv2d|matmul)/.test(kernel));
    assert.ok(products.length > 20);
    for (const { kernel, residentBlocks, occupancy } of products) {
      assert.ok(
        residentBlocks >= 2 || occupancy >= 0.25,
        `${gpu}: ${kernel} has ${residentBlocks} blocks, ${occupancy}`,
      );
    }
  }
});

test('in bfloat16 a step moves less than three quarters of the bytes, through two thirds of the arena', () => {
  for (const recipe of ['dcgan', 'wgan-gp']) {
    const [tf32, bfloat16] = (['tf32', 'bfloat16'] as const).map((precision) =>
      costOfStep(recipe, 'a100', precision),
    ) as [ReturnType<typeof costOfStep>, ReturnType<typeof costOfStep>];
    const moved = (costs: typeof tf32) => costs.reduce((sum, { cost, repeats }) => sum + cost.bytes * repeats, 0);
    const arena = (costs: typeof tf32) => Math.max(...costs.map(({ cost }) => cost.arenaBytes));
    assert.ok(moved(bfloat16) < 0.75 * moved(tf32), `${recipe}: ${moved(bfloat16)} of ${moved(tf32)} bytes`);
    assert.ok(arena(bfloat16) < 0.67 * arena(tf32), `${recipe}: ${arena(bfloat16)} of ${arena(tf32)} bytes`);
  }
});

test('in bfloat16 an update writes 2 bytes more for each weight that products read so', () => {
  const bytesOfUpdates = (precision: Precision): number =>
    costOfStep('dcgan', 'a100', precision)
      .flatMap(({ cost }) => cost.launches)
      .filter(({ kernel }) => kernel.startsWith('optimizer_kernel'))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  // Filters of 5x5 between 128, 256, 512 and 1024 channels, in both networks, and the weights of 128 latents; no filters of images.
  const filters = 2 * 25 * (128 * 256 + 256 * 512 + 512 * 1024);
  const latents = 128 * 4 * 4 * 1024;
  assert.is(bytesOfUpdates('bfloat16') - bytesOfUpdates('tf32'), 2 * (filters + latents));
});

test('similarities of a batch are counted by pairs of images, and read and write no differences', () => {
  const config = resolveConfig({ recipe: 'dcgan', model: { minibatchFeatures: 128 } });
  const [update] = createModel(config).match.programs;
  const { launches } = countCost((update as StepProgram).trace(), GPUS.a100, 'tf32');
  const figures = launches
    .filter(({ op }) => op.startsWith('batchSimilarity'))
    .map(({ kernel, flops, bytes, blocks }) => ({ kernel, flops, bytes, blocks }));
  const pairs = 128 * 128 * 128;
  const [rows, similarities] = [4 * 128 * 128 * 5, 4 * 128 * 128];
  const forward = {
    kernel: 'batch_similarity_kernel<5>',
    flops: pairs * (3 * 5 + 2),
    bytes: rows + similarities,
    blocks: 4 * 32,
  };
  const gradient = {
    kernel: 'batch_similarity_gradient_kernel<5>',
    flops: pairs * (5 * 5 + 3),
    bytes: 2 * rows + similarities,
    blocks: 4 * 32,
  };
  const ofKernel = (name: string) => figures.filter(({ kernel }) => kernel === name);
  // Of real and of generated images, each with its own batch.
  assert.equal(ofKernel(forward.kernel), [forward, forward]);
  assert.equal(ofKernel(gradient.kernel), [gradient, gradient]);
  assert.is(figures.length, 4);
});

test('what launches take adds up to the whole', () => {
  const cost = costOfStep('dcgan', 'a100', 'auto')[0]?.cost as ProgramCost;
  expectNear(
    cost.launches.reduce((sum, { share }) => sum + share, 0),
    1,
  );
  assert.ok(cost.modelMs >= cost.floorMs);
});

test('a card without tensor cores for a precision refuses it', () => {
  assert.throws(() => costOfStep('dcgan', 't4', 'tf32'), /T4 has no tf32 tensor cores; choose float32/);
});

test('a GPU whose figures cannot be is refused by the figure', () => {
  const [update] = createModel(resolveConfig({ recipe: 'dcgan-digits' })).match.programs;
  const graph = (update as StepProgram).trace();
  for (const [figure, value, range] of [
    ['multiprocessors', 0, '1 to 1024'],
    ['sharedBytesPerMultiprocessor', 0, '16384 to 1048576'],
    ['sharedBytesPerBlock', 2 ** 40, '16384 to 1048576'],
    ['architecture', -80, '75 to 999'],
  ] as const) {
    assert.throws(
      () => countCost(graph, { ...GPUS.a100, [figure]: value }),
      (error: DeviceError) =>
        error instanceof DeviceError &&
        error.code === 'argument_invalid' &&
        error.message.includes(`${figure} must be ${range}, but is ${value}`),
    );
  }
});

test.run();
