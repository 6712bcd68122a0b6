import type { FusedOp, OpAttributes, OpName } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import { createTensor, isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { isProduct } from './products.ts';
import { rewrite, withInputs } from './rewrite.ts';
import { ancestors, consumersOf, roots } from './walk.ts';

/** How a device keeps values as bfloat16 between its kernels. */
export interface Bfloat16Storage {
  /** Values of fewer elements stay float32. */
  readonly fewestElements: number;
  /** Of each input of a product: whether the device's kernels read it as bfloat16. */
  readonly operandsOf: (product: Tensor) => readonly boolean[];
}

/** A graph, and those of its values that are kept as bfloat16 in memory. */
export interface StoredGraph {
  readonly graph: Graph;
  readonly inBfloat16: ReadonlySet<Tensor>;
}

/** How many elements a value has at least that a device of precision `bfloat16` keeps so unless told otherwise. Smaller ones are logits,
 *  losses, statistics and weights of norms: their rounding would show, and their bytes do not. */
export const BFLOAT16_ELEMENTS = 4096;

/** Decides which values are kept as bfloat16: large ones between products, expressions and copies, if everything that reads them can
 *  take that. What is fed, fetched, kept or updated stays float32. Products then read copies in bfloat16: of a variable the one that the
 *  device keeps, of anything else one that is made once.
 *  @param storage what the device can; without it no value is kept as bfloat16 */
export function chooseBfloat16(graph: Graph, storage: Bfloat16Storage | undefined): StoredGraph {
  if (!storage) return { graph, inBfloat16: new Set() };
  const known = new Map<Tensor, readonly boolean[]>();
  const operandsOf = (tensor: Tensor): readonly boolean[] => {
    if (!isProduct(tensor.op)) return [];
    const operands = known.get(tensor) ?? storage.operandsOf(tensor);
    known.set(tensor, operands);
    return operands;
  };
  return new Chooser({ ...storage, operandsOf }).choose(graph);
}

/** The choice for one graph. */
class Chooser {
  constructor(private readonly storage: Bfloat16Storage) {}

  choose(graph: Graph): StoredGraph {
    const { fewestElements, operandsOf } = this.storage;
    const chosen = this.chosenOf(ancestors(roots(graph)), new Set(Object.values(graph.outputs)));
    const inBfloat16 = new Set<Tensor>();
    const copies = new Map<Tensor, Tensor>();
    const copyOf = (tensor: Tensor): Tensor => {
      const known = copies.get(tensor);
      if (known) return known;
      const copy = identity(tensor);
      copies.set(tensor, copy);
      inBfloat16.add(copy);
      return copy;
    };
    const rewritten = rewrite(graph, (node, inputs) => {
      const wanted = node.inputs.some((input) => elements(input.shape) >= fewestElements) ? operandsOf(node) : [];
      const operands = inputs.map((input, i) => (wanted[i] && !inBfloat16.has(input) ? copyOf(input) : input));
      const made = withInputs(node, operands);
      if (chosen.has(node)) inBfloat16.add(made);
      return made;
    });
    return { graph: rewritten, inBfloat16 };
  }

  private chosenOf(nodes: readonly Tensor[], fetched: ReadonlySet<Tensor>): ReadonlySet<Tensor> {
    const consumers = consumersOf(nodes);
    const chosen = new Set(
      nodes.filter((node) => node.dtype === 'float32' && !fetched.has(node) && this.canWrite(node)),
    );
    const isAgreed = (node: Tensor): boolean =>
      (!MOVEMENTS.has(node.op) || node.inputs.every((input) => chosen.has(input))) &&
      (consumers.get(node) ?? []).every((consumer) =>
        MOVEMENTS.has(consumer.op) ? chosen.has(consumer) : this.canRead(consumer, node),
      );
    // A copy has the type of what it copies. So a refusal goes along the whole chain of copies, until nothing changes.
    for (let refused = [...chosen]; refused.length > 0; ) {
      refused = [...chosen].filter((node) => !isAgreed(node));
      for (const node of refused) chosen.delete(node);
    }
    return chosen;
  }

  /** Whether kernels can write a value as bfloat16, and it is worth it. A copy is as large as what it is made of. */
  private canWrite(node: Tensor): boolean {
    if (MOVEMENTS.has(node.op)) return movesPairs(node);
    return (isOp(node, 'elementwise') || isProduct(node.op)) && elements(node.shape) >= this.storage.fewestElements;
  }

  private canRead(consumer: Tensor, value: Tensor): boolean {
    const positions = consumer.inputs.flatMap((input, i) => (input === value ? [i] : []));
    if (isOp(consumer, 'elementwise') || REDUCTIONS.has(consumer.op)) {
      const { access } = (consumer.attributes as OpAttributes[FusedOp]).expression;
      return positions.every((i) => access[i] === 'full');
    }
    const operands = this.storage.operandsOf(consumer);
    return positions.every((i) => operands[i]);
  }
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

/** Whether a copy keeps neighbours along the innermost axis together, two by two. */
function movesPairs(node: Tensor): boolean {
  const counts = [node, ...node.inputs].map(({ shape }) => shape.at(-1) ?? 1);
  if (isOp(node, 'reshape')) return elements(node.shape) % 2 === 0;
  if (isOp(node, 'slice')) counts.push(node.attributes.begin.at(-1) ?? 0);
  if (isOp(node, 'pad')) counts.push(node.attributes.before.at(-1) ?? 0, node.attributes.after.at(-1) ?? 0);
  return counts.every((count) => count % 2 === 0);
}
