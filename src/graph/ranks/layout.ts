import { allReduceSum } from '../../ops/all_reduce.ts';
import { pad, reshape, slice } from '../../ops/movement.ts';
import { elements, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** How a batch is shared out: it is cut into blocks of `block` images, and of each block rank r of n has the r-th n-th. */
export interface Share {
  readonly rank: number;
  readonly ranks: number;
  /** Images of a block, over all ranks; a multiple of `ranks`. */
  readonly block: number;
}

/** Which part of a value a rank holds: along `axis`, its share of every block of `block` numbers. */
export interface Spread {
  readonly axis: number;
  readonly block: number;
}

/** A value of the whole batch's graph as one rank has it. */
export interface Held {
  /** The rank's part if `spread` says how, else the whole value, the same on every rank. */
  readonly tensor: Tensor;
  readonly spread?: Spread | undefined;
  /** The shape of the whole value. */
  readonly shape: Shape;
}

export const sameSpread = (a: Spread | undefined, b: Spread | undefined): boolean =>
  a?.axis === b?.axis && a?.block === b?.block;

/** Whether a value of `shape` can be shared out so. */
export const canSpread = (shape: Shape, { axis, block }: Spread, { ranks }: Share): boolean =>
  axis < shape.length && block > 0 && block % ranks === 0 && (shape[axis] as number) % block === 0;

/** The shape of one rank's part. */
export const localShape = (shape: Shape, spread: Spread | undefined, { ranks }: Share): Shape =>
  spread ? shape.with(spread.axis, (shape[spread.axis] as number) / ranks) : shape;

/** The axis as [blocks, numbers of each]. */
const inBlocks = (shape: Shape, axis: number, blocks: number): number[] => [
  ...shape.slice(0, axis),
  blocks,
  (shape[axis] as number) / blocks,
  ...shape.slice(axis + 1),
];

/** One rank's part of a value that it has as a whole. */
export function partOf(whole: Tensor, { axis, block }: Spread, share: Share): Tensor {
  const { shape } = whole;
  const blocked = reshape(whole, inBlocks(shape, axis, (shape[axis] as number) / block));
  const own = block / share.ranks;
  const begin = blocked.shape.map((_, i) => (i === axis + 1 ? share.rank * own : 0));
  const part = slice(blocked, begin, blocked.shape.with(axis + 1, own));
  return reshape(part, localShape(shape, { axis, block }, share));
}

/** The whole value from the parts of all ranks: each adds its own to zeros in the place of the others'. */
export function wholeOf({ tensor, spread, shape }: Held, share: Share): Tensor {
  if (!spread) return tensor;
  const { axis, block } = spread;
  const own = block / share.ranks;
  const blocked = reshape(tensor, inBlocks(tensor.shape, axis, (shape[axis] as number) / block));
  const around = (amount: number) => blocked.shape.map((_, i) => (i === axis + 1 ? amount : 0));
  const padded = pad(blocked, around(share.rank * own), around(block - (share.rank + 1) * own));
  return allReduceSum(reshape(padded, shape));
}

/** How a reshape of `from` to `to` leaves a spread: of each run of consecutive numbers that makes up a block, a rank has its share as
 *  before. Undefined where no axis of `to` has blocks of as many numbers. */
export function reshaped(from: Shape, { axis, block }: Spread, to: Shape, share: Share): Spread | undefined {
  const run = block * elements(from.slice(axis + 1));
  return to
    .map((_, target): Spread => ({ axis: target, block: run / elements(to.slice(target + 1)) }))
    .find((spread) => canSpread(to, spread, share));
}
