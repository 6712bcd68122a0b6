export { conv2d, conv2dTranspose } from './conv2d.ts';
export { conv2dEnlarged } from './conv2d_enlarged.ts';
export {
  abs,
  add,
  div,
  elu,
  equal,
  exp,
  greater,
  leakyRelu,
  log,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  reciprocal,
  relu,
  select,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  step,
  sub,
  tanh,
} from './elementwise.ts';
export { fill } from './leaves.ts';
export { cholesky } from './linalg.ts';
export { embedding, oneHot, truncate } from './lookup.ts';
export { matmul } from './matmul.ts';
export {
  broadcast,
  broadcastScalar,
  concat,
  flatten,
  pad,
  perChannel,
  perSample,
  reshape,
  slice,
  transpose,
} from './movement.ts';
export { type BatchMoments, batchNorm, layerNorm, normalizeWith, virtualBatchNorm } from './norm.ts';
export { averagePool, maxPool, upsampleNearest } from './pool.ts';
export { dropout, randomNormal, randomUniform } from './random.ts';
export { allButChannel, allButSample, reduceMax, reduceMean, reduceSum } from './reduce.ts';
export { batchSimilarity } from './similarity.ts';
export { type Moments, moments } from './statistics.ts';
export { stopGradient } from './stop_gradient.ts';
export { advanceRandom, assign, assignRows } from './update.ts';
export type { Padding, WindowOptions } from './window.ts';
