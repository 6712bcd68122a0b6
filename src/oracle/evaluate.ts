import { GraphError } from '../errors.ts';
import { ancestors } from '../graph/walk.ts';
import { decompositionOf } from '../ops/rules.ts';
import { overwrittenInputs } from '../ops/update.ts';
import type { CompositeOp, OpName, UpdateOp } from '../tensor/operators.ts';
import { elements, formatShape } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import { fusedKernels } from './fused.ts';
import type { Kernel, Value } from './kernel.ts';
import { lookupKernels } from './lookup.ts';
import { movementKernels } from './movement.ts';
import { randomKernels } from './random.ts';
import { constant, scalarKernels } from './scalar.ts';
import { updateKernels } from './updates.ts';
import { variableName } from './variable_name.ts';
import { windowKernels } from './windows.ts';

type Leaf = 'feed' | 'variable';

/** Every op that yields one value; one that is missing does not compile. */
const kernels: { readonly [K in Exclude<OpName, Leaf | CompositeOp | UpdateOp>]: Kernel<K> } = {
  constant,
  ...scalarKernels,
  ...movementKernels,
  ...lookupKernels,
  ...windowKernels,
  ...randomKernels,
  ...fusedKernels,
};

/** What feeds and variables hold before the run, by name; feeds and variables share one space of names. */
export type Bindings = Readonly<Record<string, Float64Array>>;

export interface Evaluation {
  /** In the order asked for. An update yields the new value of the variable. */
  readonly outputs: Float64Array[];
  /** What every overwritten variable and optimiser slot holds after the run. */
  readonly variables: Record<string, Float64Array>;
}

/** Computes tensors in float64 with plain loops, composites by their decomposition: what every device is measured against.
 *  @param beforeOp called before each op; what it throws ends the evaluation
 *  @throws GraphError `unbound_leaf` for a feed or variable that `bindings` lacks */
export function evaluateAll(
  outputs: readonly Tensor[],
  bindings: Bindings,
  beforeOp: () => void = () => {},
): Evaluation {
  const run = new Run(bindings, beforeOp);
  return { outputs: outputs.map((output) => run.value(output)), variables: run.written };
}

/** The values of `outputs`. */
export const evaluate = (outputs: readonly Tensor[], bindings: Bindings): Float64Array[] =>
  evaluateAll(outputs, bindings).outputs;

/** Computes one op that is neither a leaf nor a composite from the values of its inputs: its result; of an update the new values of all that it
 *  overwrites. */
export function computeOp(node: Tensor, inputs: readonly Value[]): readonly Float64Array[] {
  if (node.op in updateKernels) {
    const update = updateKernels[node.op as UpdateOp] as (of: unknown, inputs: readonly Value[]) => Float64Array[];
    return update(node.attributes, inputs);
  }
  const kernel = kernels[node.op as keyof typeof kernels] as Kernel<OpName>;
  return [kernel(node.attributes, inputs, node.shape)];
}

class Run {
  readonly written: Record<string, Float64Array> = {};
  private readonly values = new Map<Tensor, Float64Array>();

  constructor(
    private readonly bindings: Bindings,
    private readonly beforeOp: () => void,
  ) {}

  value(tensor: Tensor): Float64Array {
    for (const node of ancestors([tensor])) {
      if (!this.values.has(node)) this.values.set(node, this.compute(node));
    }
    return this.known(tensor);
  }

  private known(tensor: Tensor): Float64Array {
    return this.values.get(tensor) as Float64Array;
  }

  private compute(node: Tensor): Float64Array {
    this.beforeOp();
    if (isOp(node, 'feed') || isOp(node, 'variable')) return this.leaf(node);
    const decomposition = decompositionOf(node);
    if (decomposition) return this.value(decomposition);
    const inputs = node.inputs.map((input): Value => ({ shape: input.shape, data: this.known(input) }));
    const [result, ...slots] = computeOp(node, inputs) as [Float64Array, ...Float64Array[]];
    overwrittenInputs(node).forEach((input, i) => {
      this.written[variableName(input)] = [result, ...slots][i] as Float64Array;
    });
    return result;
  }

  private leaf(node: Tensor<Leaf>): Float64Array {
    const { name } = node.attributes;
    const data = this.bindings[name];
    if (data?.length !== elements(node.shape)) {
      throw new GraphError(
        'unbound_leaf',
        `${node.op} '${name}' of ${formatShape(node.shape)} is bound to ${data?.length ?? 'no'} numbers`,
      );
    }
    return data;
  }
}
