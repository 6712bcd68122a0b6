import { f, testCases } from './refusals.ts';

// What the signatures of ops do not say, and the addon must refuse, or a kernel would leave its memory.

const pool = { op: 'averagePool', inputs: [f(1, 4, 4, 2)], result: f(1, 2, 2, 2) } as const;
const pooled = { size: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] };
const square = { access: ['full'], instructions: [{ fn: 'mul', args: [0, 0] }] };
const reduce = { op: 'reduce', inputs: [f(2, 3)], result: f(2) } as const;
const reduced = { expression: square, kind: 'sum', extent: [2, 3, 1] };
const spread = { op: 'broadcast', inputs: [f(3)], result: f(2, 3) } as const;
const join = { op: 'concat', inputs: [f(2, 3), f(2, 4)], result: f(2, 7) } as const;

testCases({
  'other elements': {
    op: 'reshape',
    attributes: { shape: [7] },
    inputs: [f(2, 3)],
    result: f(7),
    refusal: /shape_mismatch.*differ in their number of elements/,
  },
  'axes that stay': {
    ...spread,
    attributes: { axes: [1], shape: [2, 3] },
    refusal: /shape_mismatch.*the input must have the shape \[2\]/,
  },
  'an axis twice': {
    op: 'transpose',
    attributes: { permutation: [0, 0] },
    inputs: [f(2, 3)],
    result: f(2, 2),
    refusal: /attribute_invalid.*permutation must list each axis/,
  },
  'an axis too many': {
    op: 'transpose',
    attributes: { permutation: [0, 1, 2] },
    inputs: [f(2, 3)],
    result: f(2, 3),
    refusal: /attribute_invalid.*permutation/,
  },
  'a transposed shape': {
    op: 'transpose',
    attributes: { permutation: [1, 0] },
    inputs: [f(2, 3)],
    result: f(2, 3),
    refusal: /shape_mismatch.*the output must have the shape \[3,2\]/,
  },
  'parts of other axes': {
    ...join,
    attributes: { axis: 1 },
    inputs: [f(2, 3), f(4)],
    refusal: /shape_mismatch.*every input must have 2 axes/,
  },
  'parts of another size': {
    ...join,
    attributes: { axis: 1 },
    inputs: [f(2, 3), f(3, 4)],
    refusal: /shape_mismatch.*every input, but for the axis/,
  },
  'padding of fewer axes before': {
    op: 'pad',
    attributes: { before: [1], after: [0, 0] },
    inputs: [f(2, 3)],
    result: f(3, 3),
    refusal: /attribute_invalid.*before must have a number for each axis/,
  },
  'padding of fewer axes behind': {
    op: 'pad',
    attributes: { before: [1, 0], after: [0] },
    inputs: [f(2, 3)],
    result: f(3, 3),
    refusal: /attribute_invalid.*after must have a number for each axis/,
  },
  'less than is padded': {
    op: 'pad',
    attributes: { before: [1, 0], after: [0, 2] },
    inputs: [f(2, 3)],
    result: f(3, 4),
    refusal: /shape_mismatch.*the output must have the shape \[3,5\]/,
  },
  'a pool': { ...pool, attributes: pooled },
  'a window of padding alone': {
    ...pool,
    attributes: { ...pooled, padding: [0, 2, 0, 0] },
    refusal: /attribute_invalid.*padding .* must be smaller than the window/,
  },
  'registers that are summed': {
    ...reduce,
    op: 'reduceSums',
    attributes: { expression: square, values: [0, 1], factor: 1, extent: [2, 3, 1] },
    result: f(2, 2),
  },
  'a register that there is not': {
    ...reduce,
    op: 'reduceSums',
    attributes: { expression: square, values: [2], factor: 1, extent: [2, 3, 1] },
    refusal: /attribute_invalid.*values must be some of 2 registers/,
  },
  'no registers': {
    ...reduce,
    op: 'reduceSums',
    attributes: { expression: square, values: [], factor: 1, extent: [2, 3, 1] },
    refusal: /attribute_invalid.*values/,
  },
  'results of another number': {
    ...reduce,
    op: 'reduceMoments',
    attributes: { expression: square, extent: [2, 3, 1] },
    refusal: /shape_mismatch.*the output must have 4 elements, but has 2/,
  },
  'operands of another number': {
    ...reduce,
    attributes: { ...reduced, expression: { access: ['full', 'full'], instructions: [] } },
    refusal: /program_invalid.*reads 2 operands, but the step has 1/,
  },
});
