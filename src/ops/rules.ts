import type { OpName } from '../tensor/operators.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { rankOps } from './all_reduce.ts';
import { conv2dOps } from './conv2d.ts';
import { elementwiseOps } from './elementwise.ts';
import { fusedOps } from './fused.ts';
import { leafOps } from './leaves.ts';
import { linalgOps } from './linalg.ts';
import { lookupOps } from './lookup.ts';
import { matmulOps } from './matmul.ts';
import { movementOps } from './movement.ts';
import { normOps } from './norm.ts';
import type { InputGradients, Op, Rule } from './op.ts';
import { poolOps } from './pool.ts';
import { randomOps } from './random.ts';
import { reduceOps } from './reduce.ts';
import { similarityOps } from './similarity.ts';
import { statisticsOps } from './statistics.ts';
import { updateOps } from './update.ts';

/** Every op of the closed set with its rule; one that is missing does not compile. */
export const ops: { readonly [K in OpName]: Op<K> } = {
  ...leafOps,
  ...elementwiseOps,
  ...reduceOps,
  ...movementOps,
  ...rankOps,
  ...matmulOps,
  ...linalgOps,
  ...conv2dOps,
  ...poolOps,
  ...lookupOps,
  ...randomOps,
  ...statisticsOps,
  ...normOps,
  ...similarityOps,
  ...updateOps,
  ...fusedOps,
};

const ruleOf = <K extends OpName>(tensor: Tensor<K>): Rule<K> => ops[tensor.op].rule as unknown as Rule<K>;

/** The gradients of a node's inputs from the gradient of its result. */
export function gradientsOf(tensor: Tensor, dy: Tensor): InputGradients | 'none' | 'decompose' {
  const { gradient } = ruleOf(tensor);
  return typeof gradient === 'function' ? gradient(dy, tensor, ...tensor.inputs) : gradient;
}

/** The decomposition of a composite, or undefined for a simple op. */
export const decompositionOf = (tensor: Tensor): Tensor | undefined =>
  ruleOf(tensor).decompose?.(tensor.attributes, ...tensor.inputs);

/** Whether an op is a composite: defined by its decomposition. */
export const isComposite = (op: OpName): boolean => ops[op].rule.decompose !== undefined;
