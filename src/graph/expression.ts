import type { Access, Expression, Instruction, ScalarFunction } from '../tensor/operators.ts';
import { SCALAR_FUNCTIONS } from '../tensor/operators.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';

/** A fused expression and the tensors it reads, in register order. */
export interface BoundExpression {
  readonly expression: Expression;
  readonly operands: readonly Tensor[];
  /** The register of each root. */
  readonly values: readonly number[];
}

/** Whether a node is a scalar function applied to every element. */
export const isScalarOp = (node: Tensor): boolean => Object.hasOwn(SCALAR_FUNCTIONS, node.op);

/** x behind any number of reshapes: expressions see elements in order, whatever the shape. */
export function unreshaped(tensor: Tensor): Tensor {
  let x = tensor;
  while (x.op === 'reshape') x = x.inputs[0] as Tensor;
  return x;
}

/** How an expression reads what a broadcast repeats, or undefined where the new axes lie between the old ones. */
export function broadcastAccess(node: Tensor<'broadcast'>): Access | undefined {
  const { axes, shape } = node.attributes;
  const count = elements((node.inputs[0] as Tensor).shape);
  if (count === 1) return 'scalar';
  if (count === elements(shape)) return 'full';
  const wide = shape.flatMap((size, axis) => (size > 1 ? [axis] : []));
  const firstKept = wide.findIndex((axis) => !axes.includes(axis));
  const lastKept = wide.findLastIndex((axis) => !axes.includes(axis));
  const firstNew = wide.findIndex((axis) => axes.includes(axis));
  const lastNew = wide.findLastIndex((axis) => axes.includes(axis));
  if (lastNew < firstKept) return 'channel';
  return lastKept < firstNew ? 'sample' : undefined;
}

/** Where an expression finds one of its arguments. */
type Source =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'inline'; readonly node: Tensor }
  | { readonly kind: 'operand'; readonly node: Tensor; readonly access: Access };

/** Resolves an argument: through reshapes and broadcasts to a constant, an inlined node or an operand. */
export function source(argument: Tensor, inlined: (node: Tensor) => boolean): Source {
  const node = unreshaped(argument);
  if (isOp(node, 'constant')) return { kind: 'constant', value: node.attributes.value };
  if (isOp(node, 'broadcast')) {
    const access = broadcastAccess(node);
    const repeated = unreshaped(node.inputs[0] as Tensor);
    if (isOp(repeated, 'constant')) return { kind: 'constant', value: repeated.attributes.value };
    if (access === 'full') return source(repeated, inlined);
    if (access) return { kind: 'operand', node: repeated, access };
  }
  if (inlined(node)) return { kind: 'inline', node };
  return { kind: 'operand', node, access: 'full' };
}

/** Builds the expression of `roots`, descending into the nodes that `inlined` accepts. A root is an argument like any other:
 *  a reduction passes its inputs, an elementwise node itself. */
export function buildExpression(roots: readonly Tensor[], inlined: (node: Tensor) => boolean): BoundExpression {
  const operands: Tensor[] = [];
  const access: Access[] = [];
  const pending: { fn: Instruction['fn']; args: Register[]; value?: number }[] = [];
  const seen = new Map<string, Register>();

  const once = (key: string, make: () => Register): Register => {
    const known = seen.get(key) ?? make();
    seen.set(key, known);
    return known;
  };
  const visit = (argument: Tensor): Register => {
    const from = source(argument, inlined);
    if (from.kind === 'constant') {
      return once(`constant ${from.value}`, () => ({
        result: pending.push({ fn: 'constant', args: [], value: from.value }) - 1,
      }));
    }
    if (from.kind === 'operand') {
      return once(`${from.access} ${from.node.id}`, () => {
        access.push(from.access);
        return { operand: operands.push(from.node) - 1 };
      });
    }
    return once(`node ${from.node.id}`, () => {
      const args = from.node.inputs.map(visit);
      return { result: pending.push({ fn: from.node.op as ScalarFunction, args, ...immediate(from.node) }) - 1 };
    });
  };

  const values = roots.map(visit);
  const number = (register: Register) => register.operand ?? operands.length + (register.result as number);
  return {
    operands,
    values: values.map(number),
    expression: { access, instructions: pending.map(({ args, ...rest }) => ({ ...rest, args: args.map(number) })) },
  };
}

interface Register {
  readonly operand?: number;
  readonly result?: number;
}

const immediate = (node: Tensor): { value?: number } =>
  isOp(node, 'leakyRelu') || isOp(node, 'elu') ? { value: node.attributes.slope } : {};

/** The space [outer, reduced, inner] of a reduction over neighbouring `axes` of `shape`. */
export function reductionExtent(shape: Shape, axes: readonly number[]): [number, number, number] {
  const first = axes[0] as number;
  return [
    elements(shape.slice(0, first)),
    elements(shape.slice(first, first + axes.length)),
    elements(shape.slice(first + axes.length)),
  ];
}
