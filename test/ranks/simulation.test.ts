import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allReduceSeconds, type Cluster, REACHED } from '../../scripts/scaling/links.ts';
import { countSums } from '../../scripts/scaling/sums.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { createModel } from '../../src/train/index.ts';

const RATE = 100e9;
const cluster = (waitSeconds: number): Cluster => ({
  name: 'eight and eight',
  gpu: 'a100',
  gpusPerMachine: 8,
  inside: { bytesPerSecond: RATE / REACHED, waitSeconds },
  between: { bytesPerSecond: RATE / REACHED / 10, waitSeconds },
});

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a} and ${b}`);

test('GPUs of a machine sum large messages in a ring, 7/8 of the bytes there and back', () => {
  near(allReduceSeconds(8, 8e9, cluster(0)), (2 * 7e9) / RATE);
});

test('machines sum an eighth of the bytes through each GPU', () => {
  near(allReduceSeconds(32, 8e9, cluster(0)), (2 * 7e9) / RATE + (2 * 0.75e9) / (RATE / 10));
});

test('short messages wait as often as a tree is deep, at most', () => {
  near(allReduceSeconds(8, 0, cluster(1)), 2 * 3);
  near(allReduceSeconds(1024, 0, cluster(1)), 2 * 3 + 2 * 7);
});

const small = { recipe: 'dcgan', size: 16, latent: { size: 4 }, model: { width: 16 } };

function sumsOf(changes: object, ranks: number) {
  const batch = 2 * ranks;
  const model = createModel(resolveChanges({ ...small, ...changes, batch }), { ranks });
  const sums = model.match.programs.map(({ trace }) => countSums(trace(), ranks, batch));
  const parameters = countParameters([...model.generator.variables, ...model.discriminator.variables]);
  return {
    awaited: sums.flatMap(({ awaited }) => awaited),
    buckets: sums.flatMap(({ buckets }) => buckets),
    parameters,
  };
}

test('the sums of a step hold the gradient of every weight once, and little more', () => {
  const { buckets, parameters } = sumsOf({ syncNorm: false }, 4);
  const numbers = buckets.flat().reduce((sum, bytes) => sum + bytes, 0) / 4;
  assert.ok(numbers >= parameters && numbers < 1.3 * parameters, `${numbers} of ${parameters}`);
});

test('only batch norm over the whole batch has the rest of a DCGAN wait for sums', () => {
  assert.equal(sumsOf({ syncNorm: false }, 4).awaited, []);
  assert.ok(sumsOf({}, 4).awaited.length > 8);
  assert.equal(sumsOf({}, 4).awaited, sumsOf({}, 64).awaited);
});

test('where the generator learns from the new discriminator within a program, their gradients are buckets apart', () => {
  const began = { recipe: 'began', size: 16, model: { width: 16 } };
  const groups = (changes: object): number => sumsOf({ ...began, ...changes }, 4).buckets.length;
  assert.is(groups({}), groups({ schedule: 'simultaneous' }) + 1);
});

test.run();
