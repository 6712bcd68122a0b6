import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import { ancestors } from '../../graph/walk.ts';
import { decompositionOf } from '../../ops/rules.ts';
import { overwrittenInputs } from '../../ops/update.ts';
import { computeOp } from '../../oracle/evaluate.ts';
import { variableName } from '../../oracle/variable_name.ts';
import type { CompositeOp, FusedOp, OpName, UpdateOp } from '../../tensor/operators.ts';
import { isOp, type Tensor } from '../../tensor/tensor.ts';
import type { Tfjs } from './backend.ts';
import { type Kernel, type Kernels, mutable } from './kernel.ts';
import { movementKernels } from './movement.ts';
import { randomKernels } from './random.ts';
import { scalarKernels } from './scalar.ts';
import { type Update, updateKernels } from './updates.ts';
import { windowKernels } from './windows.ts';

/** Ops that reach no kernel: leaves are given, composites are decomposed, fused ops come of passes that are not run here. */
type Elsewhere = 'feed' | 'variable' | CompositeOp | FusedOp;

/** What tfjs computes. */
type TfjsKernels = Partial<Kernels<Exclude<OpName, Elsewhere | UpdateOp>>>;

/** What an evaluation yields; tensors of tfjs that belong to the surrounding `tf.tidy`. */
export interface Evaluation {
  readonly outputs: readonly TfjsTensor[];
  /** The new value of every variable and slot that an update overwrote, by name. */
  readonly overwritten: ReadonlyMap<string, TfjsTensor>;
}

/** Executes graphs op by op. */
export interface Interpreter {
  /** Computes `outputs`; `leaf` gives the value of each feed and variable. To be called inside `tf.tidy`. */
  evaluate(outputs: readonly Tensor[], leaf: (node: Tensor<'feed' | 'variable'>) => TfjsTensor): Evaluation;
}

/** An interpreter on one tfjs. What tfjs lacks, the oracle's loops compute on the host.
 *  @param beforeOp called before each op; what it throws ends the evaluation */
export function createInterpreter(tf: Tfjs, beforeOp: () => void = () => {}): Interpreter {
  const kernels: TfjsKernels = {
    ...scalarKernels(tf),
    ...movementKernels(tf),
    ...windowKernels(tf),
    ...randomKernels(tf),
  };
  const updates = updateKernels(tf);

  return {
    evaluate(outputs, leaf) {
      const values = new Map<Tensor, TfjsTensor>();
      const overwritten = new Map<string, TfjsTensor>();
      const known = (tensor: Tensor) => values.get(tensor) as TfjsTensor;

      const compute = (node: Tensor): TfjsTensor => {
        beforeOp();
        if (isOp(node, 'feed') || isOp(node, 'variable')) return leaf(node);
        const decomposition = decompositionOf(node);
        if (decomposition) return value(decomposition);
        const inputs = node.inputs.map(known);
        const results = resultsOf(node, inputs);
        overwrittenInputs(node).forEach((input, i) => {
          overwritten.set(variableName(input), results[i] as TfjsTensor);
        });
        return results[0] as TfjsTensor;
      };
      /** Its result; of an update the new values of all that it overwrites. */
      const resultsOf = (node: Tensor, inputs: readonly TfjsTensor[]): readonly TfjsTensor[] => {
        const update = (updates as Partial<Record<OpName, Update<UpdateOp>>>)[node.op];
        if (update) return update(node.attributes as never, inputs);
        const kernel = (kernels as Partial<Record<OpName, Kernel<OpName>>>)[node.op];
        return kernel ? [kernel(node.attributes, node.shape, ...inputs)] : byOracle(tf, node, inputs);
      };
      const value = (tensor: Tensor): TfjsTensor => {
        for (const node of ancestors([tensor])) {
          if (!values.has(node)) values.set(node, compute(node));
        }
        return known(tensor);
      };
      return { outputs: outputs.map(value), overwritten };
    },
  };
}

function byOracle(tf: Tfjs, node: Tensor, inputs: readonly TfjsTensor[]): TfjsTensor[] {
  const values = inputs.map((input) => ({ shape: input.shape, data: Float64Array.from(input.dataSync()) }));
  return computeOp(node, values).map((data, i) => {
    const { shape, dtype } = overwrittenInputs(node)[i] ?? node;
    return tf.tensor(
      dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data),
      mutable(shape),
      dtype as 'float32',
    );
  });
}
