import type { Op } from '../../ops/op.ts';
import { isComposite, ops } from '../../ops/rules.ts';
import type { OpAttributes, OpName } from '../../tensor/operators.ts';
import { withScope } from '../../tensor/scope.ts';
import { createTensor, isOp, type Tensor } from '../../tensor/tensor.ts';
import type { Graph, GraphOutputs } from '../../tensor/trace.ts';
import { lower } from '../lower.ts';
import { withRoots } from '../rewrite.ts';
import { simplify } from '../simplify.ts';
import { ancestors, roots } from '../walk.ts';
import { bucketed } from './buckets.ts';
import { joinSums } from './join.ts';
import { canSpread, type Held, localShape, partOf, type Share, type Spread, sameSpread, wholeOf } from './layout.ts';
import { type Answer, spreadRules } from './rules.ts';

/** Composites that are shared out as they are; all others are written with simpler ops first. */
const KEPT: ReadonlySet<OpName> = new Set<OpName>([
  'reduceSums',
  'reduceMoments',
  'batchSimilarity',
  'batchSimilarityGradient',
]);

/** The graph of one rank that, together with those of the others, computes what `graph` does for the whole batch. A rank is fed its
 *  part of every feed; outputs and variables are whole, and the same on every rank. Where an op has no rule for a part, every rank
 *  computes the whole value, which is slower and as right. */
export function shareOut<O extends GraphOutputs>(graph: Graph<O>, share: Share): Graph<O> {
  const lowered = lower(graph, KEPT) as Graph<O>;
  const sharing = new Sharing(share, lowered);
  const whole = new Map(roots(lowered).map((root) => [root, sharing.whole(root)]));
  const shared = withRoots(lowered, (root) => whole.get(root) as Tensor);
  return bucketed(joinSums(simplify({ ...shared, feeds: sharing.feeds }) as Graph<O>));
}

class Sharing {
  private readonly held = new Map<Tensor, Held>();
  private readonly wholes = new Map<Tensor, Tensor>();
  private readonly share: Share;

  constructor(share: Share, graph: Graph) {
    this.share = share;
    for (const node of ancestors(roots(graph))) {
      withScope(node.scope, () => this.held.set(node, this.hold(node)));
    }
    this.feeds = graph.feeds.map((feed) => this.feedOf(feed));
  }

  readonly feeds: readonly Tensor<'feed'>[];

  /** The whole value of a node of the whole batch's graph. */
  whole(node: Tensor): Tensor {
    const known = this.wholes.get(node);
    if (known) return known;
    const whole = withScope(node.scope, () => wholeOf(this.held.get(node) as Held, this.share));
    this.wholes.set(node, whole);
    return whole;
  }

  private feedOf(feed: Tensor<'feed'>): Tensor<'feed'> {
    const held = this.held.get(feed)?.tensor;
    return held && isOp(held, 'feed') ? held : feed;
  }

  private hold(node: Tensor): Held {
    if (node.inputs.length === 0) return this.holdLeaf(node);
    if (isOp(node, 'randomUniform') || isOp(node, 'randomNormal'))
      return this.holdRows(
        node,
        this.apply(
          node,
          node.inputs.map((input) => this.whole(input)),
        ),
      );
    const inputs = node.inputs.map((input) => this.held.get(input) as Held);
    const isWhole = inputs.every(({ spread }) => !spread);
    const answer = isWhole ? undefined : spreadRules[node.op]?.(node as never, inputs, this.share);
    return answer ? this.finish(node, answer) : this.holdWhole(node);
  }

  private holdWhole(node: Tensor): Held {
    const tensor = this.apply(
      node,
      node.inputs.map((input) => this.whole(input)),
    );
    return { tensor, shape: node.shape };
  }

  private finish(node: Tensor, { inputs, attributes = node.attributes, spread, combine }: Answer): Held {
    const parts = node.inputs.map((input, i) => this.as(input, inputs[i]));
    const local = this.apply(node, parts, attributes);
    return { tensor: combine ? combine(local) : local, spread, shape: node.shape };
  }

  /** A node's value as an op wants it. */
  private as(node: Tensor, wanted: Spread | undefined): Tensor {
    const { tensor, spread, shape } = this.held.get(node) as Held;
    if (sameSpread(spread, wanted)) return tensor;
    const whole = this.whole(node);
    if (!wanted) return whole;
    if (isOp(whole, 'constant'))
      return createTensor({ ...fieldsOf(whole), shape: localShape(shape, wanted, this.share) });
    if (isOp(whole, 'broadcast') && whole.attributes.axes.includes(wanted.axis)) {
      const { axes } = whole.attributes;
      return ops.broadcast({ axes, shape: localShape(shape, wanted, this.share) }, whole.inputs[0] as Tensor);
    }
    return partOf(whole, wanted, this.share);
  }

  private holdLeaf(node: Tensor): Held {
    const rows: Spread = { axis: 0, block: this.share.block };
    if (isOp(node, 'feed') && canSpread(node.shape, rows, this.share)) {
      const shape = localShape(node.shape, rows, this.share);
      return { tensor: createTensor({ ...fieldsOf(node), shape }), spread: rows, shape: node.shape };
    }
    return { tensor: node, shape: node.shape };
  }

  /** What has a row for each image, such as latents, is held in part, so that what is made of it is. */
  private holdRows(node: Tensor, whole: Tensor): Held {
    const rows: Spread = { axis: 0, block: this.share.block };
    this.wholes.set(node, whole);
    if (!canSpread(node.shape, rows, this.share)) return { tensor: whole, shape: node.shape };
    return { tensor: partOf(whole, rows, this.share), spread: rows, shape: node.shape };
  }

  private apply(node: Tensor, inputs: readonly Tensor[], attributes: Tensor['attributes'] = node.attributes): Tensor {
    const unchanged = attributes === node.attributes && inputs.every((input, i) => input === node.inputs[i]);
    if (unchanged && !isComposite(node.op)) return node;
    return (ops[node.op] as unknown as Op<OpName>)(attributes as OpAttributes[OpName], ...inputs);
  }
}

const fieldsOf = <K extends OpName>({ id: _, ...fields }: Tensor<K>): Omit<Tensor<K>, 'id'> => fields;
