import { elu, leakyRelu, relu, sigmoid, tanh } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

const functions = {
  none: (x: Tensor) => x,
  relu,
  leakyRelu: (x: Tensor) => leakyRelu(x, 0.2),
  elu: (x: Tensor) => elu(x, 1),
  tanh,
  sigmoid,
};

/** One of ACTIVATIONS. */
export type Activation = keyof typeof functions;

/** The names that configurations may use. leakyRelu has slope 0.2. */
export const ACTIVATIONS = Object.keys(functions) as [Activation, ...Activation[]];

/** Applies an activation by name. */
export const activate = (activation: Activation, x: Tensor): Tensor => functions[activation](x);
