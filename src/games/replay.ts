import { conditionedOn, isConditional } from '../config/conditioning.ts';
import { imagesInStore, replays } from '../config/replay.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import {
  add,
  assign,
  assignRows,
  broadcastScalar,
  concat,
  embedding,
  equal,
  flatten,
  minimum,
  mul,
  reshape,
  select,
  slice,
  sub,
  truncate,
} from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { type Adversaries, asSeen } from './adversaries.ts';
import { discriminate, type Players } from './players.ts';

/** Generated images of earlier updates of the discriminator, one of each, in a ring. */
export interface ReplayStore {
  /** [images, H,W,C] */
  readonly images: Variable;
  /** What the generator was told to draw, [images, labels]; only of conditional networks. */
  readonly labels?: Variable;
  /** Scalar: the place of the next image. */
  readonly next: Variable;
  /** Scalar: how many places have an image. */
  readonly filled: Variable;
}

/** Generated images [N,H,W,C] that a discriminator is shown, with their labels [N,labels] where networks are told labels. */
export interface Shown {
  readonly images: Tensor;
  readonly labels?: Tensor;
  /** How many are of this batch; the earlier ones are behind them. */
  readonly fresh: number;
}

/** The store of a configuration, empty; undefined if nothing is replayed.
 *  @throws ConfigError replay_with_penalty, replay_in_parts */
export function createReplayStore({ config, generator }: Players): ReplayStore | undefined {
  if (!replays.holds(config)) return undefined;
  expectReplayable(config);
  const size = imagesInStore(config);
  return {
    images: statistic('replay.images', [size, ...generator.outputShape], zeros),
    ...(isConditional(config) && {
      labels: statistic('replay.labels', [size, conditionedOn(config).names.length], zeros),
    }),
    next: statistic('replay.next', [], zeros),
    filled: statistic('replay.filled', [], zeros),
  };
}

function expectReplayable({ replay: { share }, gradientPenalty, accumulation }: Config): void {
  if (gradientPenalty > 0) {
    throw new ConfigError(
      'replay_with_penalty',
      `replay.share: gradientPenalty is ${gradientPenalty}, and holds the critic's slope between real images and those that the generator draws now; earlier images are not among them. Set replay.share to 0, or gradientPenalty to 0.`,
    );
  }
  if (accumulation > 1) {
    throw new ConfigError(
      'replay_in_parts',
      `replay.share: ${share} of a batch cannot be earlier images where accumulation takes the batch in ${accumulation} parts. Set replay.share to 0, or accumulation to 1.`,
    );
  }
}

/** The generated images that the discriminator is shown in an update: those of the batch, the last of which give way to earlier ones
 *  once the store is full. Each of these is drawn from the whole store. The first image of the batch goes into the store. */
export function replayed(adversaries: Adversaries, fake: Tensor): Shown {
  const { replay, config, labels } = adversaries;
  const drawn: Shown = {
    images: fake,
    fresh: config.batch,
    ...(labels && isConditional(config) && { labels: labels() }),
  };
  if (!replay) return drawn;
  const shown = mixed(adversaries, replay, drawn);
  keep(replay, drawn);
  return shown;
}

function mixed(adversaries: Adversaries, store: ReplayStore, drawn: Shown): Shown {
  const { batch, replay } = adversaries.config;
  const count = Math.max(1, Math.round(replay.share * batch));
  const [size] = store.images.shape as [number];
  const chosen = truncate(mul(size, adversaries.noise.uniform(adversaries, 'replay', [count])));
  const isFull = equal(read(store.filled), size);
  const mix = (rows: Tensor, stored: Variable): Tensor => {
    const fresh = rowsOf(rows, batch - count, count);
    const earlier = reshape(embedding(flatten(read(stored)), chosen), fresh.shape);
    const last = select(broadcastScalar(isFull, fresh.shape), earlier, fresh);
    return count === batch ? last : concat([rowsOf(rows, 0, batch - count), last], 0);
  };
  return {
    fresh: batch - count,
    images: mix(drawn.images, store.images),
    ...(drawn.labels && store.labels && { labels: mix(drawn.labels, store.labels) }),
  };
}

/** What the discriminator says of generated images, [N,1]. A discriminator that mixes the images of a batch gets the earlier ones by
 *  themselves: the generator's batches hold none, and would be told from all others by their statistics. */
export function judgeShown(adversaries: Adversaries, { images, labels, fresh }: Shown): Tensor {
  const { discriminator, config } = adversaries;
  const seen = asSeen(adversaries, images, 'fake');
  const earlier = config.batch - fresh;
  if (!discriminator.mixesSamples || fresh === 0 || earlier === 0) return discriminate(adversaries, seen, labels);
  const part = (first: number, count: number): Tensor =>
    discriminate(adversaries, rowsOf(seen, first, count), labels && rowsOf(labels, first, count));
  return concat([part(0, fresh), part(fresh, earlier)], 0);
}

/** Puts the first image of a batch, which is as random as any, into the next place of the store. */
function keep({ images, labels, next, filled }: ReplayStore, drawn: Shown): void {
  const [size] = images.shape as [number];
  const place = reshape(truncate(read(next)), [1]);
  const put = (store: Variable, rows: Tensor): void => assignRows(store, place, rowsOf(rows, 0, 1));
  put(images, drawn.images);
  if (labels && drawn.labels) put(labels, drawn.labels);
  const after = add(read(next), 1);
  assign(next, mul(after, sub(1, equal(after, size))));
  assign(filled, minimum(add(read(filled), 1), size));
}

/** Some rows of a tensor [N, ...]. */
const rowsOf = (x: Tensor, first: number, count: number): Tensor =>
  slice(x, [first, ...x.shape.slice(1).map(() => 0)], x.shape.with(0, count));
