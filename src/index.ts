/** gannet: training image GANs from TypeScript. `train` runs a recipe; the rest lets you build networks, graphs and training
 *  steps of your own and run them on any device. */

export { z } from 'zod';
export * from './charts/index.ts';
export * from './classifier/index.ts';
export * from './config/index.ts';
export * from './data/index.ts';
export * from './device/index.ts';
export * from './errors.ts';
export * from './evaluation/index.ts';
export * from './explore/index.ts';
export * from './export/index.ts';
export * from './extractor/index.ts';
export * from './games/index.ts';
export * as play from './games/play.ts';
export * from './graph/index.ts';
export * from './losses/index.ts';
export * from './metrics/index.ts';
export * from './models/index.ts';
export * as nn from './nn/index.ts';
export * as ops from './ops/index.ts';
export * from './optim/index.ts';
export { packageVersion } from './package.ts';
export * from './parity/index.ts';
export * from './projection/index.ts';
export * from './report/index.ts';
export * from './study/index.ts';
export { scoped } from './tensor/scope.ts';
export type { DType, Shape } from './tensor/shape.ts';
export type { Tensor } from './tensor/tensor.ts';
export { computeFirst, feed, type Graph, type GraphOutputs, read, trace } from './tensor/trace.ts';
export type { Initializer, Variable } from './tensor/variable.ts';
export * from './train/index.ts';
