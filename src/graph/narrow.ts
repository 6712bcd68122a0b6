import type { FusedOp, OpAttributes, OpName } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import { createTensor, isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { rewrite, withInputs } from './rewrite.ts';
import { ancestors, consumersOf, roots } from './walk.ts';

/** A graph of which some values are kept as bfloat16 in memory. */
export interface NarrowedGraph {
  readonly graph: Graph;
  readonly narrow: ReadonlySet<Tensor>;
}

/** What a device of precision `bfloat16` narrows unless told otherwise. Values of fewer elements stay float32: logits, losses, statistics
 *  and weights of norms, whose rounding would show and whose bytes do not. */
export const NARROWED_ELEMENTS = 4096;

/** Decides which values are kept as bfloat16: large ones between products, expressions and copies, all of whose readers can take
 *  that. What is fed, fetched, kept or updated stays float32; products then read copies in bfloat16: of a variable the one that the device
 *  keeps, of anything else one that is made once.
 *  @param fewest elements of the smallest value that is narrowed; infinitely many: none */
export function narrow(graph: Graph, fewest: number): NarrowedGraph {
  if (fewest === Number.POSITIVE_INFINITY) return { graph, narrow: new Set() };
  const nodes = ancestors(roots(graph));
  const chosen = chooseNarrow(nodes, new Set(Object.values(graph.outputs)), fewest);
  const stored = new Set<Tensor>();
  const copies = new Map<Tensor, Tensor>();
  const copyOf = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor);
    if (known) return known;
    const copy = identity(tensor);
    copies.set(tensor, copy);
    stored.add(copy);
    return copy;
  };
  const rewritten = rewrite(graph, (node, inputs) => {
    const wanted = node.inputs.some((input) => elements(input.shape) >= fewest) ? operandsInEights(node) : [];
    const operands = inputs.map((input, i) => (wanted[i] && !stored.has(input) ? copyOf(input) : input));
    const made = withInputs(node, operands);
    if (chosen.has(node)) stored.add(made);
    return made;
  });
  return { graph: rewritten, narrow: stored };
}

/** The same numbers in memory of their own. */
const identity = (tensor: Tensor): Tensor =>
  createTensor({
    op: 'elementwise',
    attributes: { expression: { access: ['full'], instructions: [] } },
    inputs: [tensor],
    shape: tensor.shape,
    dtype: tensor.dtype,
    scope: tensor.scope,
  });

const MOVEMENTS: ReadonlySet<OpName> = new Set<OpName>(['reshape', 'slice', 'pad', 'concat', 'upsampleNearest']);
const REDUCTIONS: ReadonlySet<OpName> = new Set<OpName>(['reduce', 'reduceSums', 'reduceMoments']);

function chooseNarrow(nodes: readonly Tensor[], fetched: ReadonlySet<Tensor>, fewest: number): ReadonlySet<Tensor> {
  const consumers = consumersOf(nodes);
  const chosen = new Set(
    nodes.filter((node) => node.dtype === 'float32' && !fetched.has(node) && isMade(node, fewest)),
  );
  const isAgreed = (node: Tensor): boolean =>
    (!MOVEMENTS.has(node.op) || node.inputs.every((input) => chosen.has(input))) &&
    (consumers.get(node) ?? []).every((consumer) =>
      MOVEMENTS.has(consumer.op) ? chosen.has(consumer) : canRead(consumer, node),
    );
  // What one copy cannot take neither can those before and behind it, down the whole chain.
  for (let refused = [...chosen]; refused.length > 0; ) {
    refused = [...chosen].filter((node) => !isAgreed(node));
    for (const node of refused) chosen.delete(node);
  }
  return chosen;
}

/** Whether kernels can write a value as bfloat16, and it is worth it. A copy is as large as what it is made of. */
function isMade(node: Tensor, fewest: number): boolean {
  if (MOVEMENTS.has(node.op)) return movesPairs(node);
  return elements(node.shape) >= fewest && (isOp(node, 'elementwise') || operandsInEights(node).length > 0);
}

function canRead(consumer: Tensor, value: Tensor): boolean {
  const positions = consumer.inputs.flatMap((input, i) => (input === value ? [i] : []));
  if (isOp(consumer, 'elementwise') || REDUCTIONS.has(consumer.op)) {
    const { access } = (consumer.attributes as OpAttributes[FusedOp]).expression;
    return positions.every((i) => access[i] === 'full');
  }
  const inEights = operandsInEights(consumer);
  return positions.every((i) => inEights[i]);
}

/** Whether a copy keeps neighbours along the innermost axis together, two by two. */
function movesPairs(node: Tensor): boolean {
  const counts = [node, ...node.inputs].map(({ shape }) => shape.at(-1) ?? 1);
  if (isOp(node, 'reshape')) return elements(node.shape) % 2 === 0;
  if (isOp(node, 'slice')) counts.push(node.attributes.begin.at(-1) ?? 0);
  if (isOp(node, 'pad')) counts.push(node.attributes.before.at(-1) ?? 0, node.attributes.after.at(-1) ?? 0);
  return counts.every((count) => count % 2 === 0);
}

/** Which operands of a product its kernels read as bfloat16: 8 neighbours at a time, both operands, or the gradient alone if the
 *  other one has the few channels of images. Empty for other ops. */
function operandsInEights(node: Tensor): readonly boolean[] {
  const [a, b] = node.inputs.map(({ shape }) => shape);
  if (!a || !b) return [];
  if (isOp(node, 'matmul')) {
    const both = inEights(a.at(-1)) && inEights(b.at(-1));
    return [both, both];
  }
  if (isOp(node, 'conv2d')) return [inEights(a.at(-1)), inEights(b.at(-1))];
  if (isOp(node, 'conv2dInputGradient')) {
    const gradient = inEights(a.at(-1));
    const channels = b.at(-1) as number;
    return [gradient && (inEights(channels) || channels < 8), gradient && inEights(channels)];
  }
  if (isOp(node, 'conv2dFilterGradient')) {
    const gradient = inEights(b.at(-1));
    return [gradient && inEights(a.at(-1)), gradient];
  }
  return [];
}

const inEights = (length: number | undefined): boolean => length !== undefined && length % 8 === 0;
