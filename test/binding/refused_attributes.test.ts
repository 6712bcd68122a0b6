import { f, i, testCases } from './refusals.ts';

// Each kind of attribute, with values that the addon must refuse, or a kernel would leave its memory.

const flags = { transposeA: false, transposeB: false };
const window = { stride: [1, 1], padding: [1, 1, 1, 1] };
const conv = { op: 'conv2d', inputs: [f(1, 4, 4, 2), f(3, 3, 3, 2)], result: f(1, 4, 4, 3) } as const;
const square = { access: ['full'], instructions: [{ fn: 'mul', args: [0, 0] }] };
const reduce = { op: 'reduce', inputs: [f(2, 3)], result: f(2) } as const;
const reduced = { expression: square, kind: 'sum', extent: [2, 3, 1] };
const uniform = { op: 'randomUniform', inputs: [i(2)], result: f(3) } as const;
const drawn = { shape: [3], stream: 0, low: 0, high: 1 };
const grow = { op: 'upsampleNearest', inputs: [f(1, 2, 3, 4)], result: f(1, 4, 6, 4) } as const;
const spread = { op: 'broadcast', inputs: [f(3)], result: f(2, 3) } as const;
const cut = { op: 'slice', inputs: [f(4, 5)], result: f(2, 3) } as const;
const join = { op: 'concat', inputs: [f(2, 3), f(2, 4)], result: f(2, 7) } as const;
const product = { op: 'matmul', attributes: flags, inputs: [f(2, 3), f(3, 4)], result: f(2, 4) } as const;

testCases({
  'a pair': { ...conv, attributes: window },
  'a pair of one': {
    ...conv,
    attributes: { ...window, stride: [1] },
    refusal: /attribute_invalid.*stride must be 2 integers of at least 1/,
  },
  'a pair of three': { ...conv, attributes: { ...window, stride: [1, 1, 1] }, refusal: /attribute_invalid.*stride/ },
  'a pair with 0': { ...conv, attributes: { ...window, stride: [1, 0] }, refusal: /attribute_invalid.*stride/ },
  'three sides': {
    ...conv,
    attributes: { ...window, padding: [1, 1, 1] },
    refusal: /attribute_invalid.*padding must be 4 integers of at least 0/,
  },
  'five sides': { ...conv, attributes: { ...window, padding: [1, 1, 1, 1, 1] }, refusal: /attribute_invalid.*padding/ },
  'sides below 0': {
    ...conv,
    attributes: { ...window, padding: [1, 1, 1, -1] },
    refusal: /attribute_invalid.*padding/,
  },
  'a list that is none': {
    ...conv,
    attributes: { ...window, padding: 1 },
    refusal: /program_invalid.*padding must be an array/,
  },
  'a list of fractions': {
    ...conv,
    attributes: { ...window, stride: [1, 1.5] },
    refusal: /program_invalid.*stride\[1\] must be an integer/,
  },
  'an attribute that is not there': { ...conv, attributes: { stride: [1, 1] }, refusal: /attribute_missing.*padding/ },
  'an extent': { ...reduce, attributes: reduced },
  'an extent of two': {
    ...reduce,
    attributes: { ...reduced, extent: [2, 3] },
    refusal: /attribute_invalid.*extent must be 3 integers of at least 1/,
  },
  'an extent of four': {
    ...reduce,
    attributes: { ...reduced, extent: [2, 3, 1, 1] },
    refusal: /attribute_invalid.*extent/,
  },
  'an extent with 0': {
    ...reduce,
    attributes: { ...reduced, extent: [2, 0, 1] },
    refusal: /attribute_invalid.*extent/,
  },
  'a reduction that there is not': {
    ...reduce,
    attributes: { ...reduced, kind: 'mean' },
    refusal: /program_invalid.*kind must be 'sum' or 'max'/,
  },
  'an expression that is none': {
    ...reduce,
    attributes: { ...reduced, expression: 1 },
    refusal: /program_invalid.*expression must be an object/,
  },
  'an expression of no registers': {
    ...reduce,
    attributes: { ...reduced, expression: { access: [], instructions: [] } },
    refusal: /program_invalid.*must have 1 to 1024 registers/,
  },
  'the largest word': { ...uniform, attributes: { ...drawn, stream: 2 ** 32 - 1 } },
  'a larger number than a word': {
    ...uniform,
    attributes: { ...drawn, stream: 2 ** 32 },
    refusal: /attribute_invalid.*stream must be at least 0 and at most 4294967295/,
  },
  'a word below 0': { ...uniform, attributes: { ...drawn, stream: -1 }, refusal: /attribute_invalid.*stream/ },
  'a number that is none': {
    ...uniform,
    attributes: { ...drawn, low: '0' },
    refusal: /program_invalid.*low must be a number/,
  },
  'a shape with 0': {
    ...uniform,
    attributes: { ...drawn, shape: [0] },
    refusal: /shape_mismatch.*shape has axes of at least 1 element/,
  },
  'a positive number': { ...grow, attributes: { scale: 2 } },
  '0 for a positive number': {
    ...grow,
    attributes: { scale: 0 },
    refusal: /attribute_invalid.*scale must be at least 1, but is 0/,
  },
  'a fraction for a positive number': {
    ...grow,
    attributes: { scale: 1.5 },
    refusal: /program_invalid.*scale must be an integer/,
  },
  'a natural number': { ...join, attributes: { axis: 1 } },
  'a natural number below 0': {
    ...join,
    attributes: { axis: -1 },
    refusal: /attribute_invalid.*axis must be at least 0, but is -1/,
  },
  'an axis that there is not': { ...join, attributes: { axis: 2 }, refusal: /attribute_invalid.*axis 2 of \[2,3\]/ },
  'natural numbers': { ...spread, attributes: { axes: [0], shape: [2, 3] } },
  'natural numbers below 0': {
    ...spread,
    attributes: { axes: [0, -1], shape: [2, 3] },
    refusal: /attribute_invalid.*axes must be integers of at least 0/,
  },
  'axes that there are not': {
    ...spread,
    attributes: { axes: [0, 2], shape: [2, 3] },
    refusal: /attribute_invalid.*axes must be some of those of \[2,3\], but is \[0,2\]/,
  },
  'axes far away': { ...spread, attributes: { axes: [0, 2 ** 40], shape: [2, 3] }, refusal: /attribute_invalid.*axes/ },
  'positive numbers': { ...cut, attributes: { begin: [2, 2], size: [2, 3] } },
  'positive numbers with 0': {
    ...cut,
    attributes: { begin: [2, 2], size: [2, 0] },
    refusal: /attribute_invalid.*size must be integers of at least 1/,
  },
  'a slice that leaves the tensor': {
    ...cut,
    attributes: { begin: [3, 2], size: [2, 3] },
    refusal: /attribute_invalid.*leaves \[4,5\]/,
  },
  'a slice that begins nowhere': {
    ...cut,
    attributes: { begin: [2], size: [2, 3] },
    refusal: /attribute_invalid.*begin must have a number for each axis/,
  },
  'a slice of fewer axes': {
    ...cut,
    attributes: { begin: [2, 2], size: [2] },
    result: f(2),
    refusal: /attribute_invalid.*size must have a number for each axis/,
  },
  'a flag that is none': {
    ...product,
    attributes: { ...flags, transposeA: 0 },
    refusal: /program_invalid.*transposeA must be a boolean/,
  },
});
