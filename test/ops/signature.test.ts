import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OPS, type OpName, type OpRow, type ResultType } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { matchSignature, parseSignature } from '../../src/tensor/signature.ts';

const float32 = (...shape: Shape): ResultType => ({ shape, dtype: 'float32' });
const int32 = (...shape: Shape): ResultType => ({ shape, dtype: 'int32' });

test('a signature is read: names, types, axes and repeats', () => {
  assert.equal(parseSignature('image number [N,H*scale,C], state int32 [2], x T, rate float32 [] -> T [I...,D]'), {
    inputs: [
      { name: 'image', type: 'number', axes: ['N', 'H*scale', 'C'], repeated: '' },
      { name: 'state', type: 'int32', axes: ['2'], repeated: '' },
      { name: 'x', type: 'T', axes: undefined, repeated: '' },
      { name: 'rate', type: 'float32', axes: [], repeated: '' },
    ],
    result: { name: 'result', type: 'T', axes: ['I...', 'D'], repeated: '' },
  });
  assert.equal(parseSignature('-> T').inputs, []);
  assert.equal(
    ['parts T+ -> T', 'operands number* -> number'].map((text) => parseSignature(text).inputs[0]?.repeated),
    ['+', '*'],
  );
});

for (const [text, message] of [
  ['x float64 -> float32', "'x float64' of the signature 'x float64 -> float32' is no operand"],
  ['x float32 -> ', "'' of the signature"],
  ['x float32 [N', "'x float32 [N' of the signature"],
  ['x float32', "'undefined' of the signature"],
  ['x T, parts T+ -> T', 'has other inputs beside repeated ones'],
] as const)
  test(`'${text}' is no signature`, () => {
    try {
      parseSignature(text);
      assert.unreachable('nothing was thrown');
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      assert.ok(error.message.includes(message), error.message);
    }
  });

/** Inputs, and the result or the first of them that does not fit. */
const matches: readonly [OpName, Readonly<Record<string, unknown>>, ResultType[], ResultType | number][] = [
  ['gather', {}, [float32(5, 3), int32()], float32(3)],
  ['gather', {}, [float32(5, 3), int32(2, 4)], float32(2, 4, 3)],
  ['gather', {}, [float32(5, 3, 1), int32(2)], 0],
  ['gather', {}, [int32(5, 3), int32(2)], 0],
  ['gather', {}, [float32(5, 3), float32(2)], 1],
  ['gather', {}, [], 0],
  ['gather', {}, [float32(5, 3)], 1],
  ['gather', {}, [float32(5, 3), int32(2), int32(2)], 2],
  ['scatterAdd', { rows: 7 }, [int32(2, 4), float32(2, 4, 3)], float32(7, 3)],
  ['scatterAdd', { rows: 7 }, [int32(), float32(3)], float32(7, 3)],
  ['scatterAdd', { rows: 7 }, [int32(), float32()], 1],
  ['scatterAdd', { rows: 7 }, [int32(2, 4), float32(2, 5, 3)], 1],
  ['scatterAdd', { rows: 7 }, [int32(2, 4), float32(2, 4)], 1],
  ['oneHot', { depth: 9 }, [int32(2)], float32(2, 9)],
  ['cholesky', {}, [float32(4, 4)], float32(4, 4)],
  ['cholesky', {}, [float32(4, 5)], 0],
  ['cholesky', {}, [float32(4)], 0],
  ['batchSimilarityGradient', {}, [float32(4, 3, 2), float32(4, 3)], float32(4, 3, 2)],
  ['batchSimilarityGradient', {}, [float32(4, 3, 2), float32(4, 2)], 1],
  ['randomNormal', { shape: [3, 5] }, [int32(2)], float32(3, 5)],
  ['randomNormal', { shape: [3, 5] }, [int32(3)], 0],
  ['upsampleNearest', { scale: 3 }, [float32(2, 4, 5, 1)], float32(2, 12, 15, 1)],
  ['assign', {}, [int32(2), int32(2)], int32(2)],
  ['assign', {}, [int32(2), float32(2)], 1],
  ['assign', {}, [float32(2, 3), float32(3, 2)], 1],
  ['sgd', {}, [float32(2, 3), float32(2, 3), float32()], float32(2, 3)],
  ['sgd', {}, [float32(2, 3), float32(2, 3), float32(1)], 2],
];

const list = (types: readonly ResultType[]): string => types.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(', ');

for (const [name, attributes, inputs, expected] of matches) {
  const says = typeof expected === 'number' ? `not with input ${expected}` : list([expected]);
  test(`${name} of (${list(inputs)}): ${says}`, () => {
    assert.equal(matchSignature(name, attributes, inputs), expected);
  });
}

for (const [name, row] of Object.entries(OPS) as [string, OpRow][]) {
  const { signature, attributes = {}, overwrites = 0 } = row;
  if (signature === undefined) continue;
  test(`the signature of ${name} names what there is, once each`, () => {
    const { inputs, result } = parseSignature(signature);
    const names = inputs.map(({ name }) => name);
    assert.is(new Set(names).size, names.length);
    assert.ok(overwrites <= inputs.length);
    assert.ok(result.type !== 'T' || inputs.some(({ type }) => type === 'T') || name === 'constant');
    const axes = [...inputs, result].flatMap((operand) => operand.axes ?? []);
    for (const factor of axes.flatMap((axis) => axis.replace('...', '').split('*'))) {
      const known = /^([A-Z]|\d+)$/.test(factor) || factor in attributes;
      assert.ok(known, `${factor} is no letter, number or attribute`);
    }
    // The addon knows one run of axes in a step (binding/signature.cc), and takes both factors of a product from elsewhere.
    assert.ok(new Set(axes.filter((axis) => /^[A-Z]\.\.\.$/.test(axis))).size <= 1);
    const alone = new Set(inputs.flatMap((operand) => operand.axes ?? []).filter((axis) => /^[A-Z]$/.test(axis)));
    for (const factor of axes.filter((axis) => axis.includes('*')).flatMap((axis) => axis.split('*')))
      assert.ok(!/^[A-Z]$/.test(factor) || alone.has(factor), `${factor} is in a product alone`);
  });
}

test.run();
