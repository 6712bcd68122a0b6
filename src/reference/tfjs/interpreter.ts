import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import { DeviceError } from '../../errors.ts';
import { ancestors } from '../../graph/walk.ts';
import { decompositionOf } from '../../ops/rules.ts';
import { overwrittenInputs } from '../../ops/update.ts';
import { variableName } from '../../oracle/variable_name.ts';
import type { CompositeOp, FusedOp, OpName, UpdateOp } from '../../tensor/operators.ts';
import { isOp, type Tensor } from '../../tensor/tensor.ts';
import type { Tfjs } from './backend.ts';
import type { Kernel, Kernels } from './kernel.ts';
import { movementKernels } from './movement.ts';
import { randomKernels } from './random.ts';
import { scalarKernels } from './scalar.ts';
import { type Update, updateKernels } from './updates.ts';
import { windowKernels } from './windows.ts';

/** Ops that reach no kernel: leaves are given, composites are decomposed, fused ops come of passes that are not run here. */
type Elsewhere = 'feed' | 'variable' | CompositeOp | FusedOp;

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

/** An interpreter on one tfjs. An op without a kernel does not compile.
 *  @param beforeOp called before each op; what it throws ends the evaluation */
export function createInterpreter(tf: Tfjs, beforeOp: () => void = () => {}): Interpreter {
  const kernels: Kernels<Exclude<OpName, Elsewhere | UpdateOp>> = {
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
        if (node.op in updates) return update(node as Tensor<UpdateOp>, inputs);
        const kernel = (kernels as Partial<Record<OpName, Kernel<OpName>>>)[node.op];
        if (!kernel) throw new DeviceError('unsupported_op', `tfjs has no kernel for ${node.op} in '${node.scope}'`);
        return kernel(node.attributes, node.shape, ...inputs);
      };
      const update = (node: Tensor<UpdateOp>, inputs: readonly TfjsTensor[]): TfjsTensor => {
        const state = (updates[node.op] as Update<UpdateOp>)(node.attributes as never, inputs);
        overwrittenInputs(node).forEach((input, i) => {
          overwritten.set(variableName(input), state[i] as TfjsTensor);
        });
        return state[0] as TfjsTensor;
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
