import { test } from 'uvu';
import type { Shape } from '../../src/tensor/shape.ts';
import { closeDevices, expectAgreement, inputs } from './support.ts';

/** Every order of the numbers below n. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) => Array.from({ length: n }, (_, i) => rest.toSpliced(i, 0, n - 1)));
}

const SHAPES: readonly Shape[] = [[5], [4, 8], [2, 33, 40], [64, 100], [3, 5, 7, 9], [2, 4, 4, 8], [2, 16, 12]];

for (const shape of SHAPES) {
  test(`transpose of [${shape}], in every order of its axes`, async () => {
    for (const permutation of permutations(shape.length)) {
      await expectAgreement(
        'transpose',
        { permutation },
        inputs(shape),
        permutation.map((axis) => shape[axis] as number),
        0,
      );
    }
  });

  test(`pad and slice of [${shape}], by amounts that keep 16-byte accesses and ones that break them`, async () => {
    for (const amount of [1, 4]) {
      for (let axis = 0; axis < shape.length; axis++) {
        const before = shape.map((_, i) => (i === axis ? amount : 0));
        const after = shape.map((_, i) => (i === axis ? 4 : 0));
        const padded = shape.with(axis, (shape[axis] as number) + amount + 4);
        await expectAgreement('pad', { before, after }, inputs(shape), padded, 0);
        await expectAgreement('slice', { begin: before, size: shape }, inputs(padded), shape, 0);
      }
    }
  });

  test(`broadcast to [${shape}] along every choice of axes`, async () => {
    for (let chosen = 1; chosen < 2 ** shape.length; chosen++) {
      const axes = shape.flatMap((_, axis) => (chosen & (1 << axis) ? [axis] : []));
      await expectAgreement(
        'broadcast',
        { axes, shape },
        inputs(shape.filter((_, axis) => !axes.includes(axis))),
        shape,
        0,
      );
    }
  });

  test(`concat of [${shape}] and a thinner one along every axis`, async () => {
    for (let axis = 0; axis < shape.length; axis++) {
      const joined = shape.with(axis, (shape[axis] as number) + 3);
      await expectAgreement('concat', { axis }, inputs(shape, shape.with(axis, 3)), joined, 0);
    }
  });
}

test('nearest upsampling of any number of channels', async () => {
  for (const channels of [1, 3, 8]) {
    for (const scale of [1, 2, 3]) {
      await expectAgreement(
        'upsampleNearest',
        { scale },
        inputs([2, 3, 5, channels]),
        [2, 3 * scale, 5 * scale, channels],
        0,
      );
    }
  }
});

test('constants fill any number of elements', async () => {
  for (const size of [1, 4, 1025]) await expectAgreement('constant', { value: 0.3 }, [], [size], 0);
});

test.after(closeDevices);
test.run();
