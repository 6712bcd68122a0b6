import { LIMITS, SCALAR_FUNCTIONS, type ScalarFunction } from '../tensor/operators.ts';
import { createTensor, isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { type BoundExpression, buildExpression, isScalarOp, reductionExtent, source } from './expression.ts';
import { withInputs, withRoots } from './rewrite.ts';
import { ancestors, consumersOf, roots } from './walk.ts';

/** A value with several consumers is computed again in each of them if it takes no more than this many cheap instructions:
 *  reading it back would cost as much. */
const RECOMPUTED_INSTRUCTIONS = 4;

/** Joins chains of scalar functions into `elementwise` nodes and into the `reduce` nodes that consume them, so that
 *  intermediate values never reach memory. Broadcasts become ways of reading an operand; reshapes vanish inside. */
export function fuse(graph: Graph): Graph {
  const nodes = ancestors(roots(graph));
  const inlined = chooseInlined(nodes, new Set(roots(graph)));
  const isInlined = (node: Tensor) => inlined.has(node);
  const fused = new Map<Tensor, Tensor>();
  const lookUp = (node: Tensor): Tensor => {
    const known = fused.get(node);
    if (known) return known;
    const made = fuseNode(node, isInlined, lookUp);
    fused.set(node, made);
    return made;
  };
  // Bottom up, so that lookUp never recurses deeper than one expression.
  for (const node of nodes) if (!inlined.has(node) && !isView(node)) lookUp(node);
  return withRoots(graph, lookUp);
}

/** Views cost nothing inside an expression, so they are made only where something else asks for them. */
const isView = (node: Tensor): boolean => node.op === 'broadcast' || node.op === 'reshape' || node.op === 'constant';

const isReduction = (node: Tensor): node is Tensor<'reduceSum' | 'reduceMax' | 'sums' | 'moments'> =>
  node.op === 'reduceSum' || node.op === 'reduceMax' || node.op === 'sums' || node.op === 'moments';

/** What the expression of a node computes: of a reduction its inputs, of a scalar function itself. */
const expressionRoots = (node: Tensor): readonly Tensor[] => (isReduction(node) ? node.inputs : [node]);

function fuseNode(node: Tensor, inlined: (node: Tensor) => boolean, lookUp: (node: Tensor) => Tensor): Tensor {
  if (isScalarOp(node)) {
    const { expression, operands } = buildExpression([node], (t) => t === node || inlined(t));
    return createTensor({
      ...resultOf(node),
      op: 'elementwise',
      attributes: { expression },
      inputs: operands.map(lookUp),
    });
  }
  if (isReduction(node)) return fuseReduction(node, inlined, lookUp);
  return withInputs(node, node.inputs.map(lookUp));
}

function fuseReduction(
  node: Tensor<'reduceSum' | 'reduceMax' | 'sums' | 'moments'>,
  inlined: (node: Tensor) => boolean,
  lookUp: (node: Tensor) => Tensor,
): Tensor {
  const { expression, operands, values } = buildExpression(node.inputs, inlined);
  const extent = reductionExtent((node.inputs[0] as Tensor).shape, node.attributes.axes);
  const common = { ...resultOf(node), inputs: operands.map(lookUp) };
  if (isOp(node, 'sums')) {
    const { factor } = node.attributes;
    return createTensor({ ...common, op: 'reduceSums', attributes: { expression, values, factor, extent } });
  }
  if (isOp(node, 'moments'))
    return createTensor({ ...common, op: 'reduceMoments', attributes: { expression, extent } });
  const kind = node.op === 'reduceSum' ? 'sum' : 'max';
  return createTensor({ ...common, op: 'reduce', attributes: { expression, kind, extent } });
}

const resultOf = ({ shape, dtype, scope }: Tensor) => ({ shape, dtype, scope });

/** The scalar nodes that are computed inside their consumers instead of being stored. */
function chooseInlined(nodes: readonly Tensor[], stored: ReadonlySet<Tensor>): Set<Tensor> {
  const consumers = expressionConsumers(nodes);
  const inlined = new Set<Tensor>();
  const isInlined = (node: Tensor) => inlined.has(node);
  for (const node of nodes) {
    if (!isScalarOp(node) && !isReduction(node)) continue;
    limit(node, inlined);
    if (!isScalarOp(node) || stored.has(node)) continue;
    const uses = consumers.get(node);
    if (uses === undefined) continue;
    if (uses === 1 || isCheap(buildExpression([node], (t) => t === node || isInlined(t)))) inlined.add(node);
  }
  return inlined;
}

/** How many expressions read each node element by element; a node that anything else reads has no entry. */
function expressionConsumers(nodes: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  const elsewhere = new Set<Tensor>();
  const direct = consumersOf(nodes);
  for (const node of nodes) {
    const inExpression = isScalarOp(node) || isReduction(node);
    if (isView(node) && (direct.get(node) ?? []).every((c) => isScalarOp(c) || isReduction(c) || isView(c))) continue;
    for (const input of new Set(node.inputs)) {
      const from = source(input, () => true);
      if (from.kind === 'constant') continue;
      if (inExpression && from.kind === 'inline') uses.set(from.node, (uses.get(from.node) ?? 0) + 1);
      else elsewhere.add(from.node);
    }
  }
  for (const node of elsewhere) uses.delete(node);
  return uses;
}

/** Stores inputs of `node`, the most expensive first, until its expression fits one kernel. */
function limit(node: Tensor, inlined: Set<Tensor>): void {
  const build = (roots: readonly Tensor[]) => buildExpression(roots, (t) => t === node || inlined.has(t));
  for (;;) {
    const { expression, operands } = build(expressionRoots(node));
    if (operands.length <= LIMITS.operands && expression.instructions.length <= LIMITS.instructions) return;
    const candidates = node.inputs
      .map((argument) => source(argument, (t) => inlined.has(t)))
      .flatMap((from) => (from.kind === 'inline' ? [from.node] : []));
    const costly = candidates.sort((a, b) => size(build([b])) - size(build([a])))[0];
    if (!costly) return;
    inlined.delete(costly);
  }
}

const size = ({ expression, operands }: BoundExpression): number => expression.instructions.length + operands.length;

const isCheap = ({ expression: { instructions } }: BoundExpression): boolean =>
  instructions.length <= RECOMPUTED_INSTRUCTIONS &&
  instructions.every(({ fn }) => fn === 'constant' || !SCALAR_FUNCTIONS[fn as ScalarFunction].transcendental);
