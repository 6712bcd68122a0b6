import { f, half, i, testCases } from './refusals.ts';

// What the signatures of ops say of inputs and results: the addon must refuse what does not fit, or a kernel would leave its memory.

const flags = { transposeA: false, transposeB: false };
const window = { stride: [1, 1], padding: [1, 1, 1, 1] };
const conv = { op: 'conv2d', inputs: [f(1, 4, 4, 2), f(3, 3, 3, 2)], result: f(1, 4, 4, 3) } as const;
const uniform = { op: 'randomUniform', inputs: [i(2)], result: f(3) } as const;
const drawn = { shape: [3], stream: 0, low: 0, high: 1 };
const grow = { op: 'upsampleNearest', inputs: [f(1, 2, 3, 4)], result: f(1, 4, 6, 4) } as const;
const spread = { op: 'broadcast', inputs: [f(3)], result: f(2, 3) } as const;
const join = { op: 'concat', inputs: [f(2, 3), f(2, 4)], result: f(2, 7) } as const;
const product = { op: 'matmul', attributes: flags, inputs: [f(2, 3), f(3, 4)], result: f(2, 4) } as const;
const gather = { op: 'gather', inputs: [f(5, 3), i(2, 4)], result: f(2, 4, 3) } as const;
const scatter = { op: 'scatterAdd', attributes: { rows: 5 }, inputs: [i(2, 4), f(2, 4, 3)], result: f(5, 3) } as const;
const hot = { op: 'oneHot', attributes: { depth: 5 }, inputs: [i(2)], result: f(2, 5) } as const;
const back = {
  op: 'conv2dInputGradient',
  attributes: { ...window, inputSize: [4, 4] },
  inputs: [f(1, 4, 4, 3), f(3, 3, 3, 2)],
  result: f(1, 4, 4, 2),
} as const;
const sgd = { op: 'sgd', attributes: { clip: 1 }, inputs: [f(2), f(2), f()], result: f(2) } as const;

const put = { op: 'assignRows', inputs: [f(5, 3), i(2), f(2, 3)], result: f(5, 3) } as const;

testCases({
  // numbers of inputs
  'a factor alone': { ...product, inputs: [f(2, 3)], refusal: /program_invalid.*expects 2 inputs, but received 1/ },
  'three factors': {
    ...product,
    inputs: [f(2, 3), f(3, 4), f(4, 5)],
    refusal: /program_invalid.*expects 2 inputs, but received 3/,
  },
  'nothing that is joined': {
    ...join,
    attributes: { axis: 0 },
    inputs: [],
    refusal: /program_invalid.*expects 1 or more inputs, but received 0/,
  },
  'many that are joined': { ...join, attributes: { axis: 0 }, inputs: Array(40).fill(f(1, 3)), result: f(40, 3) },

  // types
  'whole numbers as factors': {
    ...product,
    inputs: [f(2, 3), i(3, 4)],
    refusal: /dtype_mismatch.*the b must be float32, but is int32/,
  },
  'a product of whole numbers': { ...product, result: i(2, 4), refusal: /dtype_mismatch.*the output must be float32/ },
  // The device says this, and not the rules of the op.
  'bfloat16 as factors': { ...product, inputs: [half(2, 3), f(3, 4)], refusal: /precision_unsupported/ },
  'floats as indices': {
    ...gather,
    inputs: [f(5, 3), f(2, 4)],
    refusal: /dtype_mismatch.*the indices must be int32, but is float32/,
  },
  'a table of whole numbers': {
    ...gather,
    inputs: [i(5, 3), i(2, 4)],
    refusal: /dtype_mismatch.*the table must be float32/,
  },
  'a table in bfloat16': {
    ...gather,
    inputs: [half(5, 3), i(2, 4)],
    refusal: /dtype_mismatch.*the table must be float32/,
  },
  'a movement that changes the type': {
    ...spread,
    attributes: { axes: [0], shape: [2, 3] },
    result: i(2, 3),
    refusal: /dtype_mismatch.*the x must be int32, but is float32/,
  },
  'a movement to more bytes': {
    ...grow,
    attributes: { scale: 2 },
    inputs: [half(1, 2, 3, 4)],
    refusal: /dtype_mismatch.*the image must be float32, but is bfloat16/,
  },
  'a movement to fewer bytes': {
    ...grow,
    attributes: { scale: 2 },
    result: half(1, 4, 6, 4),
    refusal: /dtype_mismatch.*the image must be bfloat16, but is float32/,
  },
  'a sum over ranks of fewer bytes': { op: 'allReduce', inputs: [half(3)], result: f(3), refusal: /dtype_mismatch/ },
  'parts of several types': {
    ...join,
    attributes: { axis: 1 },
    inputs: [f(2, 3), i(2, 4)],
    refusal: /dtype_mismatch.*input 1 must be float32/,
  },

  // shapes
  'fewer axes': {
    ...product,
    inputs: [f(6), f(3, 4)],
    refusal: /shape_mismatch.*the a must have the axes \[A,B\], but has the shape \[6\]/,
  },
  'more axes': {
    ...product,
    inputs: [f(2, 3), f(3, 4, 1)],
    refusal: /shape_mismatch.*the b must have the axes \[C,D\]/,
  },
  'inner axes that differ': {
    ...product,
    inputs: [f(2, 3), f(4, 3)],
    refusal: /shape_mismatch.*the inner axes of \[2,3\] and \[4,3\] differ/,
  },
  'a letter twice in a shape': {
    op: 'cholesky',
    inputs: [f(2, 3)],
    result: f(2, 3),
    refusal: /shape_mismatch.*the matrix must have the shape \[2,2\], but has \[2,3\]/,
  },
  'a letter in two inputs': {
    ...conv,
    attributes: window,
    inputs: [f(1, 4, 4, 2), f(3, 3, 3, 5)],
    refusal: /shape_mismatch.*the filter must have the shape \[3,3,3,2\]/,
  },
  'a letter in the result': {
    ...conv,
    attributes: window,
    result: f(1, 4, 4, 5),
    refusal: /shape_mismatch.*the output must have the shape \[1,4,4,3\]/,
  },
  'another number of positions': {
    ...conv,
    attributes: window,
    result: f(1, 4, 5, 3),
    refusal: /shape_mismatch.*have 4x4 positions, but the shapes say 4x5/,
  },
  'axes of indices': gather,
  'other axes of indices': {
    ...gather,
    result: f(2, 5, 3),
    refusal: /shape_mismatch.*the output must have the shape \[2,4,3\]/,
  },
  'no axes of indices': { ...gather, inputs: [f(5, 3), i()], result: f(3) },
  'fewer axes than stand beside dots': {
    ...gather,
    inputs: [f(5, 3), i()],
    result: f(),
    refusal: /shape_mismatch.*the output must have the axes \[I\.\.\.,D\]/,
  },
  'another axis behind dots': {
    ...gather,
    result: f(2, 4, 5),
    refusal: /shape_mismatch.*the output must have the shape \[2,4,3\]/,
  },
  'a gradient for each index': scatter,
  'a gradient for no index': {
    ...scatter,
    inputs: [i(2, 4), f(2, 3, 3)],
    refusal: /shape_mismatch.*the gradient must have the shape \[2,4,3\]/,
  },
  'more rows than said': {
    ...scatter,
    result: f(6, 3),
    refusal: /shape_mismatch.*the output must have the shape \[5,3\]/,
  },
  'another depth': { ...hot, result: f(2, 4), refusal: /shape_mismatch.*the output must have the shape \[2,5\]/ },
  'a size that is said': back,
  'another size than said': {
    ...back,
    result: f(1, 4, 5, 2),
    refusal: /shape_mismatch.*the output must have the shape \[1,4,4,2\]/,
  },
  'a size without its axes': {
    ...back,
    result: f(1, 2),
    refusal: /shape_mismatch.*the output must have the shape \[1,4,4,2\]/,
  },
  'a multiple': {
    ...grow,
    attributes: { scale: 3 },
    refusal: /shape_mismatch.*the output must have the shape \[1,6,9,4\]/,
  },
  'a shape that is said': {
    ...uniform,
    attributes: drawn,
    result: f(4),
    refusal: /shape_mismatch.*the output must have the shape \[3\]/,
  },
  'a longer random state': {
    ...uniform,
    attributes: drawn,
    inputs: [i(3)],
    refusal: /shape_mismatch.*the state must have the shape \[2\]/,
  },
  'rows that are put': put,
  'rows of several axes': { ...put, inputs: [f(5, 3, 2), i(2), f(2, 3, 2)], result: f(5, 3, 2) },
  'fewer rows than places': {
    ...put,
    inputs: [f(5, 3), i(2), f(1, 3)],
    refusal: /shape_mismatch.*the rows must have the shape \[2,3\], but has \[1,3\]/,
  },
  'rows of another width': {
    ...put,
    inputs: [f(5, 3), i(2), f(2, 4)],
    refusal: /shape_mismatch.*the rows must have the shape \[2,3\], but has \[2,4\]/,
  },
  'rows of another type': {
    ...put,
    inputs: [f(5, 3), i(2), i(2, 3)],
    refusal: /dtype_mismatch.*the rows must be float32/,
  },
  'floats as places': {
    ...put,
    inputs: [f(5, 3), f(2), f(2, 3)],
    refusal: /dtype_mismatch.*the indices must be int32/,
  },
  'an update': sgd,
  'a gradient of other elements': {
    ...sgd,
    inputs: [f(2), f(3), f()],
    refusal: /shape_mismatch.*the gradient must have the shape \[2\]/,
  },
  'a list of rates': {
    ...sgd,
    inputs: [f(2), f(2), f(2)],
    refusal: /shape_mismatch.*the rate must have the axes \[\]/,
  },
  'a value of other elements': {
    op: 'assign',
    inputs: [f(2), f(3)],
    result: f(2),
    refusal: /shape_mismatch.*the value must have the shape \[2\]/,
  },
});
