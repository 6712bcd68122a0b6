import { fill } from '../ops/leaves.ts';
import { overwrittenInputs } from '../ops/update.ts';
import { elements, sameShape } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { unreshaped } from './expression.ts';
import { rewrite, withInputs } from './rewrite.ts';

/** Folds constants, drops operations that change nothing, and merges equal subexpressions. Every pass and every gradient may
 *  therefore write its formula out in full and share what others have computed. */
export function simplify(graph: Graph): Graph {
  const known = new Map<string, Tensor>();
  return rewrite(graph, (node, inputs) => {
    const reduced = identity(node, inputs) ?? fold(node, inputs) ?? withInputs(node, inputs);
    if (overwrittenInputs(reduced).length > 0) return reduced;
    const key = signature(reduced);
    const same = known.get(key);
    if (!same) known.set(key, reduced);
    return same ?? reduced;
  });
}

/** Equal for nodes that compute the same value. Random ops differ by their stream. */
const signature = ({ op, attributes, inputs, shape }: Tensor): string =>
  `${op} ${JSON.stringify(attributes, apart)} ${inputs.map((t) => t.id)} ${shape}`;

/** JSON would write all numbers that are not finite as null, and -0 as 0. */
const apart = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `number ${1 / value} ${value}`
    : value;

const constantValue = (tensor: Tensor | undefined): number | undefined =>
  tensor && isOp(tensor, 'constant') ? tensor.attributes.value : undefined;

/** What a node is that computes nothing: x for x + 0, x - 0, x * 1, x / 1, for an x reshaped there and back, and for the very part of
 *  a concat that a slice takes; undefined otherwise. */
function identity(node: Tensor, inputs: readonly Tensor[]): Tensor | undefined {
  if (isOp(node, 'reshape')) return original(node, inputs[0] as Tensor);
  if (isOp(node, 'slice')) return slicedPart(node, inputs[0] as Tensor);
  return withoutNeutral(node, inputs);
}

/** What `x` was reshaped from, if `reshape` gives it its shape back. */
function original({ shape }: Tensor<'reshape'>, x: Tensor): Tensor | undefined {
  const source = unreshaped(x);
  return sameShape(source.shape, shape) ? source : undefined;
}

/** The input of the concat `x` that `slice` takes out again. */
function slicedPart({ attributes: { begin }, shape }: Tensor<'slice'>, x: Tensor): Tensor | undefined {
  if (!isOp(x, 'concat')) return undefined;
  const { axis } = x.attributes;
  let offset = 0;
  return x.inputs.find((part) => {
    const here = offset;
    offset += part.shape[axis] as number;
    return here === begin[axis] && sameShape(part.shape, shape);
  });
}

function withoutNeutral(node: Tensor, [a, b]: readonly Tensor[]): Tensor | undefined {
  const neutral = node.op === 'add' || node.op === 'sub' ? 0 : node.op === 'mul' || node.op === 'div' ? 1 : undefined;
  if (neutral === undefined) return undefined;
  if (constantValue(b) === neutral) return a;
  const commutes = node.op === 'add' || node.op === 'mul';
  return commutes && constantValue(a) === neutral ? b : undefined;
}

const ARITHMETIC: Partial<Record<Tensor['op'], (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
};

/** The constant that an op on constants yields; undefined otherwise. */
function fold(node: Tensor, inputs: readonly Tensor[]): Tensor | undefined {
  const values = inputs.map(constantValue);
  const [a, b] = values;
  if (a === undefined || values.includes(undefined)) return undefined;
  if (node.op === 'broadcast' || node.op === 'reshape') return fill(a, node.shape);
  if (node.op === 'reduceSum')
    return fill((a * elements((inputs[0] as Tensor).shape)) / elements(node.shape), node.shape);
  const arithmetic = ARITHMETIC[node.op];
  return arithmetic && fill(arithmetic(a, b as number), node.shape);
}
