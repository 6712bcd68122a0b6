import { type ErrorCode, ShapeError } from '../errors.ts';
import { OPS, type OpAttributes, type OpName, type ResultType } from '../tensor/operators.ts';
import { currentScope } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import { matchSignature } from '../tensor/signature.ts';
import { createTensor, type Tensor } from '../tensor/tensor.ts';

/** The gradients of an op, one per input, built only when asked for; undefined where the op is not differentiable. */
export type InputGradients = readonly ((() => Tensor) | undefined)[];

/** Everything the graph knows of an op. Inputs come last, so that a rule names just those it uses. */
export interface Rule<K extends OpName> {
  /** The result's shape and type. @throws ShapeError */
  readonly result: (attributes: OpAttributes[K], ...inputs: Tensor[]) => ResultType;
  /** The gradients of the inputs from `dy`, the gradient of the result `y`, written with ops, so that they differentiate again.
   *  'none': the result does not depend differentiably on any input. 'decompose': differentiate the decomposition. */
  readonly gradient: ((dy: Tensor, y: Tensor<K>, ...inputs: Tensor[]) => InputGradients) | 'none' | 'decompose';
  /** For composites: the same value written with simpler ops. */
  readonly decompose?: (attributes: OpAttributes[K], ...inputs: Tensor[]) => Tensor;
}

/** An op: call it on tensors to add a node. */
export interface Op<K extends OpName> {
  (attributes: OpAttributes[K], ...inputs: Tensor[]): Tensor<K>;
  readonly rule: Rule<K>;
}

/** Ties an op's name to its rule. */
export function op<K extends OpName>(name: K, rule: Rule<K>): Op<K> {
  const apply = (attributes: OpAttributes[K], ...inputs: Tensor[]): Tensor<K> =>
    createTensor({ op: name, inputs, attributes, ...rule.result(attributes, ...inputs), scope: currentScope() });
  return Object.assign(apply, { rule });
}

/** The shape rule of an op whose signature in the table of ops says all. `codes` are those of the errors where an input does not fit, in the
 *  order of the inputs; the last one is that of all further inputs. */
export function bySignature(name: OpName, ...codes: [ErrorCode<'ShapeError'>, ...ErrorCode<'ShapeError'>[]]) {
  return (attributes: object, ...inputs: Tensor[]): ResultType => {
    const result = matchSignature(name, attributes as Readonly<Record<string, unknown>>, inputs);
    if (typeof result === 'object') return result;
    const [expected] = (OPS[name].signature as string).split(' ->');
    const given = inputs.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(', ');
    throw shapeError(
      codes[Math.min(result, codes.length - 1)] as ErrorCode<'ShapeError'>,
      `${name} expects ${expected}, but received ${given === '' ? 'nothing' : given}`,
    );
  };
}

/** A ShapeError that begins with the layer being traced. `code` is stable, `message` says what was expected and what came. */
export function shapeError(code: ErrorCode<'ShapeError'>, message: string): ShapeError {
  const scope = currentScope();
  return new ShapeError(code, scope === '' ? message : `${scope}: ${message}`);
}

/** Lists shapes for messages: `[2,3] and [4]`. */
export const listShapes = (tensors: readonly Tensor[]): string =>
  tensors.map((t) => formatShape(t.shape)).join(' and ');

/** The same type as an input. */
export const like = (tensor: Tensor): ResultType => ({ shape: tensor.shape, dtype: tensor.dtype });
