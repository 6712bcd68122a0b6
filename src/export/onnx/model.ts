/** The opset whose ops a model is made of: the oldest that has them all, so that old runtimes take it too. */
export const OPSET = 13;

/** An attribute of a node: a whole number or several, a real number, or a text. */
export type OnnxAttribute = number | readonly number[] | string | { readonly real: number };

/** A node of an ONNX graph, with one result. */
export interface OnnxNode {
  readonly operator: string;
  /** Names of values; '' where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant of an ONNX graph. Whole numbers are int64. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** What goes into a graph or comes out of it: float32 values whose named axes may have any size. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** A graph of ONNX, its nodes in an order in which they can be computed. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}
