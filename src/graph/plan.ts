import { overwrittenInputs } from '../ops/update.ts';
import { ALIGNMENT_BYTES } from '../tensor/operators.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { type Interval, placeIntervals } from './arena.ts';
import { type Binding, type Program, type Slot, type Step, type StoredType, storedBytes } from './program.ts';
import { isIdentity, schedule } from './schedule.ts';

/** Fixes the order of the nodes and a place for every value. Values that are never alive together share memory.
 *  @param inBfloat16 values that are kept as bfloat16 */
export function plan(graph: Graph, inBfloat16: ReadonlySet<Tensor> = new Set()): Program {
  const order = schedule(graph);
  const storage = new Storage(graph, order, inBfloat16);
  return {
    name: graph.name,
    arenaBytes: storage.arenaBytes,
    feeds: graph.feeds.map(binding),
    variables: graph.variables.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    outputs: Object.entries(graph.outputs).map(([name, tensor]) => ({ name, slot: storage.slot(tensor) })),
    steps: order.filter((tensor) => !storage.isPlaceholder(tensor)).map((tensor) => step(tensor, storage)),
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

const isLeaf = (tensor: Tensor): boolean => isOp(tensor, 'feed') || isOp(tensor, 'variable');

/** Where a slice begins in its input's memory, in elements; undefined if its elements do not lie together there. */
function sliceOffset(slice: Tensor<'slice'>): number | undefined {
  const { shape } = slice.inputs[0] as Tensor;
  const { begin, size } = slice.attributes;
  const outermost = size.findIndex((length) => length > 1);
  const isDense = outermost < 0 || size.every((length, axis) => axis <= outermost || length === shape[axis]);
  const index = shape.reduce((sum, length, axis) => sum * length + (begin[axis] as number), 0);
  return isDense ? index : undefined;
}

/** The memory of every value of a graph. */
class Storage {
  readonly arenaBytes: number;
  private readonly owners = new Map<Tensor, Tensor>();
  /** Bytes from the start of the owner's memory, where there are any. */
  private readonly shifts = new Map<Tensor, number>();
  private readonly offsets: Map<Tensor, number>;
  private readonly leaves = new Map<string, Pick<Slot, 'storage' | 'offset'>>();

  constructor(
    graph: Graph,
    order: readonly Tensor[],
    private readonly inBfloat16: ReadonlySet<Tensor>,
  ) {
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
    const { shape } = tensor;
    const dtype = this.typeOf(tensor);
    const leaf =
      isOp(owner, 'feed') || isOp(owner, 'variable')
        ? this.leaves.get(`${owner.op} ${owner.attributes.name}`)
        : undefined;
    if (leaf) return { ...leaf, shape, dtype };
    const offset = (this.offsets.get(owner) as number) + (this.shifts.get(tensor) ?? 0);
    return { storage: 'arena', offset, shape, dtype };
  }

  /** Whether a node takes no time: leaves and views are other values' memory. */
  isPlaceholder(tensor: Tensor): boolean {
    return isLeaf(tensor) || this.viewed(tensor) !== undefined;
  }

  private typeOf(tensor: Tensor): StoredType {
    return this.inBfloat16.has(tensor) ? 'bfloat16' : tensor.dtype;
  }

  private bytesOf(tensor: Tensor): number {
    return storedBytes({ shape: tensor.shape, dtype: this.typeOf(tensor) });
  }

  private ownerOf(tensor: Tensor): Tensor {
    return this.owners.get(tensor) ?? tensor;
  }

  /** Decides whose memory each value lives in: views in their input's, updates in the variable's, and an elementwise result in
   *  an operand's of the same size that is read for the last time. */
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
          !isLeaf(owner) &&
          lastUseOfOwner.get(owner) === position &&
          this.typeOf(owner) === this.typeOf(tensor) &&
          this.bytesOf(owner) === this.bytesOf(tensor)
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
    const view = this.viewed(tensor);
    const source = view?.source ?? overwrittenInputs(tensor)[0];
    if (view && view.shift > 0) this.shifts.set(tensor, view.shift);
    return source && this.ownerOf(source);
  }

  /** What a reshape, or an aligned slice of a value in the arena, is a view of, and where in the owner's memory it begins. A variable
   *  kept as bfloat16 is one too: of the copy that the device keeps of it. */
  private viewed(tensor: Tensor): { readonly source: Tensor; readonly shift: number } | undefined {
    const source = tensor.inputs[0] as Tensor;
    if (isIdentity(tensor) && this.inBfloat16.has(tensor) && isOp(this.ownerOf(source), 'variable'))
      return { source, shift: 0 };
    const index = isOp(tensor, 'reshape') ? 0 : isOp(tensor, 'slice') ? sliceOffset(tensor) : undefined;
    if (index === undefined || (isOp(tensor, 'slice') && isLeaf(this.ownerOf(source)))) return undefined;
    const offset = storedBytes({ shape: [index], dtype: this.typeOf(source) });
    return offset % ALIGNMENT_BYTES === 0 ? { source, shift: (this.shifts.get(source) ?? 0) + offset } : undefined;
  }

  /** When each piece of arena memory is in use: from the step that first writes it to the last step that reads it. */
  private intervals(order: readonly Tensor[], lastUse: ReadonlyMap<Tensor, number>): Interval<Tensor>[] {
    const spans = new Map<Tensor, { first: number; last: number }>();
    order.forEach((tensor, position) => {
      const owner = this.ownerOf(tensor);
      if (isLeaf(owner)) return;
      const span = spans.get(owner) ?? { first: position, last: position };
      spans.set(owner, { ...span, last: Math.max(span.last, lastUse.get(tensor) ?? position) });
    });
    return [...spans].map(([key, { first, last }]) => ({ key, first, last, bytes: this.bytesOf(key) }));
  }
}

/** The position of the last node that reads each value; outputs are read after the end. What is summed over ranks is read until the sum is
 *  used: a device may sum beside its other work. */
function lastUses(graph: Graph, order: readonly Tensor[]): Map<Tensor, number> {
  const first = new Map<Tensor, number>();
  const last = new Map<Tensor, number>();
  order.forEach((tensor, position) => {
    for (const input of tensor.inputs) {
      if (!first.has(input)) first.set(input, position);
      last.set(input, position);
    }
  });
  for (const output of Object.values(graph.outputs)) last.set(output, order.length);
  for (const sum of order.filter(({ op }) => op === 'allReduce')) {
    const operand = sum.inputs[0] as Tensor;
    last.set(operand, Math.max(last.get(operand) as number, first.get(sum) ?? order.length));
  }
  return last;
}
