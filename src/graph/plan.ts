import { overwrittenInputs } from '../ops/update.ts';
import { BYTES_PER_ELEMENT, elements } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { type Interval, placeIntervals } from './arena.ts';
import type { Binding, Program, Slot, Step } from './program.ts';
import { schedule } from './schedule.ts';

/** Fixes the order of the nodes and a place for every value. Values that are never alive together share memory. */
export function plan(graph: Graph): Program {
  const order = schedule(graph);
  const storage = new Storage(graph, order);
  return {
    name: graph.name,
    arenaBytes: storage.arenaBytes,
    feeds: graph.feeds.map(binding),
    variables: graph.variables.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    outputs: Object.entries(graph.outputs).map(([name, tensor]) => ({ name, slot: storage.slot(tensor) })),
    steps: order.filter((tensor) => !isPlaceholder(tensor)).map((tensor) => step(tensor, storage)),
  };
}

const binding = ({ attributes, shape, dtype }: Tensor<'feed'>): Binding => ({ name: attributes.name, shape, dtype });

const step = (tensor: Tensor, storage: Storage): Step => ({
  op: tensor.op,
  attributes: tensor.attributes,
  inputs: tensor.inputs.map((input) => storage.slot(input)),
  output: storage.slot(tensor),
  scope: tensor.scope,
});

/** Leaves and reshapes take no time: they are other values' memory. */
const isPlaceholder = (tensor: Tensor): boolean =>
  isOp(tensor, 'feed') || isOp(tensor, 'variable') || isOp(tensor, 'reshape');

const bytesOf = (tensor: Tensor): number => elements(tensor.shape) * BYTES_PER_ELEMENT;

/** The memory of every value of a graph. */
class Storage {
  readonly arenaBytes: number;
  private readonly owners = new Map<Tensor, Tensor>();
  private readonly offsets: Map<Tensor, number>;
  private readonly leaves = new Map<string, Pick<Slot, 'storage' | 'offset'>>();

  constructor(graph: Graph, order: readonly Tensor[]) {
    graph.feeds.forEach((feed, i) => {
      this.leaves.set(`feed ${feed.attributes.name}`, { storage: 'feed', offset: i });
    });
    graph.variables.forEach((variable, i) => {
      this.leaves.set(`variable ${variable.name}`, { storage: 'variable', offset: i });
    });
    const lastUse = lastUses(graph, order);
    this.assignOwners(order, lastUse);
    const { offsets, bytes } = placeIntervals(this.intervals(order, lastUse));
    this.offsets = offsets;
    this.arenaBytes = bytes;
  }

  slot(tensor: Tensor): Slot {
    const owner = this.ownerOf(tensor);
    const { shape, dtype } = tensor;
    const leaf =
      isOp(owner, 'feed') || isOp(owner, 'variable')
        ? this.leaves.get(`${owner.op} ${owner.attributes.name}`)
        : undefined;
    return { ...(leaf ?? { storage: 'arena', offset: this.offsets.get(owner) as number }), shape, dtype };
  }

  private ownerOf(tensor: Tensor): Tensor {
    return this.owners.get(tensor) ?? tensor;
  }

  /** Decides whose memory each value lives in: reshapes in their input's, updates in the variable's, and an elementwise result
   *  in an operand's of the same size that is read for the last time. */
  private assignOwners(order: readonly Tensor[], lastUse: ReadonlyMap<Tensor, number>): void {
    const lastUseOfOwner = new Map<Tensor, number>();
    for (const tensor of order) {
      const owner = this.aliased(tensor) ?? tensor;
      this.owners.set(tensor, owner);
      lastUseOfOwner.set(owner, Math.max(lastUseOfOwner.get(owner) ?? 0, lastUse.get(tensor) ?? 0));
    }
    order.forEach((tensor, position) => {
      if (!isOp(tensor, 'elementwise')) return;
      const free = tensor.inputs.find((input, i) => {
        const owner = this.ownerOf(input);
        return (
          tensor.attributes.expression.access[i] === 'full' &&
          !this.isLeaf(owner) &&
          lastUseOfOwner.get(owner) === position &&
          bytesOf(owner) === bytesOf(tensor)
        );
      });
      if (!free) return;
      const owner = this.ownerOf(free);
      this.moveInto(owner, tensor, lastUseOfOwner);
    });
  }

  private moveInto(owner: Tensor, tensor: Tensor, lastUseOfOwner: Map<Tensor, number>): void {
    for (const [alias, current] of this.owners) if (current === tensor) this.owners.set(alias, owner);
    lastUseOfOwner.set(owner, lastUseOfOwner.get(tensor) as number);
  }

  private aliased(tensor: Tensor): Tensor | undefined {
    const source = tensor.op === 'reshape' ? tensor.inputs[0] : overwrittenInputs(tensor)[0];
    return source && this.ownerOf(source);
  }

  private isLeaf(tensor: Tensor): boolean {
    return isOp(tensor, 'feed') || isOp(tensor, 'variable');
  }

  /** When each piece of arena memory is in use: from the step that first writes it to the last step that reads it. */
  private intervals(order: readonly Tensor[], lastUse: ReadonlyMap<Tensor, number>): Interval<Tensor>[] {
    const spans = new Map<Tensor, { first: number; last: number }>();
    order.forEach((tensor, position) => {
      const owner = this.ownerOf(tensor);
      if (this.isLeaf(owner)) return;
      const span = spans.get(owner) ?? { first: position, last: position };
      spans.set(owner, { ...span, last: Math.max(span.last, lastUse.get(tensor) ?? position) });
    });
    return [...spans].map(([key, { first, last }]) => ({ key, first, last, bytes: bytesOf(key) }));
  }
}

/** The position of the last node that reads each value; outputs are read after the end. */
function lastUses(graph: Graph, order: readonly Tensor[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  order.forEach((tensor, position) => {
    for (const input of tensor.inputs) last.set(input, position);
  });
  for (const output of Object.values(graph.outputs)) last.set(output, order.length);
  return last;
}
