import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { canSpread, localShape, partOf, reshaped, type Spread, wholeOf } from '../../../src/graph/ranks/layout.ts';
import { evaluate } from '../../../src/oracle/evaluate.ts';
import { elements, type Shape } from '../../../src/tensor/shape.ts';
import { createTensor, type Tensor } from '../../../src/tensor/tensor.ts';

const counting = (shape: Shape): Float64Array => Float64Array.from({ length: elements(shape) }, (_, i) => i);
const leaf = (name: string, shape: Shape): Tensor =>
  createTensor({ op: 'feed', inputs: [], attributes: { name }, shape, dtype: 'float32', scope: '' });
const evaluated = (tensor: Tensor, x: Float64Array): number[] =>
  Array.from(evaluate([tensor], { x })[0] as Float64Array);

/** A rank's part of the numbers 0, 1, 2, ... in a shape. */
const partOfCounting = (shape: Shape, spread: Spread, rank: number, ranks: number): number[] =>
  evaluated(partOf(leaf('x', shape), spread, { rank, ranks, block: 0 }), counting(shape));

test('a rank has its share of each block along an axis', () => {
  assert.equal(partOfCounting([4], { axis: 0, block: 4 }, 0, 2), [0, 1]);
  assert.equal(partOfCounting([4], { axis: 0, block: 4 }, 1, 2), [2, 3]);
  assert.equal(partOfCounting([8], { axis: 0, block: 4 }, 1, 2), [2, 3, 6, 7]);
  assert.equal(partOfCounting([8], { axis: 0, block: 4 }, 2, 4), [2, 6]);
  assert.equal(partOfCounting([2, 4], { axis: 1, block: 2 }, 1, 2), [1, 3, 5, 7]);
  assert.equal(partOfCounting([4, 2], { axis: 0, block: 4 }, 1, 2), [4, 5, 6, 7]);
});

test('what a rank adds to the whole is its part in its place, and zeros in that of the others', () => {
  const share = { rank: 1, ranks: 2, block: 0 };
  const held = { tensor: leaf('x', [4]), spread: { axis: 0, block: 4 }, shape: [8] };
  const [sum] = [wholeOf(held, share)];
  assert.is(sum.op, 'allReduce');
  assert.equal(evaluated(sum, Float64Array.of(1, 2, 3, 4)), [0, 0, 1, 2, 0, 0, 3, 4]);
});

test('what is whole stays as it is', () => {
  const tensor = leaf('x', [4]);
  assert.is(wholeOf({ tensor, shape: [4] }, { rank: 0, ranks: 2, block: 0 }), tensor);
});

test('a shape can be shared out in whole blocks, each in equal parts', () => {
  const share = { rank: 0, ranks: 2, block: 0 };
  assert.ok(canSpread([8, 3], { axis: 0, block: 4 }, share));
  assert.not.ok(canSpread([6, 3], { axis: 0, block: 4 }, share), 'half a block');
  assert.not.ok(canSpread([9, 3], { axis: 0, block: 3 }, share), 'a block of 3 for 2 ranks');
  assert.not.ok(canSpread([8, 3], { axis: 2, block: 4 }, share), 'no such axis');
  assert.not.ok(canSpread([8, 3], { axis: 0, block: 0 }, share), 'empty blocks');
});

const RESHAPES: readonly [Shape, Spread, Shape, Spread | undefined][] = [
  [[8, 6], { axis: 0, block: 8 }, [48], { axis: 0, block: 48 }],
  [[8, 6], { axis: 0, block: 4 }, [8, 2, 3], { axis: 0, block: 4 }],
  [[8, 6], { axis: 0, block: 4 }, [2, 4, 6], { axis: 1, block: 4 }],
  [[8, 6], { axis: 0, block: 4 }, [2, 24], { axis: 1, block: 24 }],
  [[8, 6], { axis: 0, block: 4 }, [1, 8, 1, 6], { axis: 1, block: 4 }],
  [[3, 8], { axis: 1, block: 8 }, [24], { axis: 0, block: 8 }],
  [[3, 8], { axis: 1, block: 4 }, [6, 4], { axis: 1, block: 4 }],
  [[48], { axis: 0, block: 12 }, [8, 6], { axis: 0, block: 2 }],
  [[48], { axis: 0, block: 6 }, [4, 12], { axis: 1, block: 6 }],
  [[8, 3], { axis: 0, block: 8 }, [3, 8], undefined],
  [[8, 3], { axis: 0, block: 2 }, [6, 4], undefined],
];

for (const [from, spread, to, expected] of RESHAPES) {
  test(`[${from}] in blocks of ${spread.block} along axis ${spread.axis} as [${to}]`, () => {
    const ranks = 2;
    assert.equal(reshaped(from, spread, to, { rank: 0, ranks, block: 0 }), expected);
    if (!expected) return;
    for (const rank of [0, 1]) {
      assert.equal(partOfCounting(to, expected, rank, ranks), partOfCounting(from, spread, rank, ranks));
      assert.is(elements(localShape(to, expected, { rank, ranks, block: 0 })), elements(from) / ranks);
    }
  });
}

test.run();
