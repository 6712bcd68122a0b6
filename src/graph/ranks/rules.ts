import { allReduceMean, allReduceSum } from '../../ops/all_reduce.ts';
import { add, square, sub } from '../../ops/elementwise.ts';
import { row, stack } from '../../ops/movement.ts';
import { type OpAttributes, type OpName, SCALAR_FUNCTIONS } from '../../tensor/operators.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { canSpread, type Held, localShape, reshaped, type Share, type Spread } from './layout.ts';

/** How a rank computes its part of an op. */
export interface Answer {
  /** How each input is wanted; undefined: whole. */
  readonly inputs: readonly (Spread | undefined)[];
  /** Those of the part, where they differ. */
  readonly attributes?: OpAttributes[OpName];
  /** How the result is held; undefined: whole, the same on every rank. */
  readonly spread?: Spread | undefined;
  /** What is made of the op's result on each rank. */
  readonly combine?: (local: Tensor) => Tensor;
}

/** Says how an op is computed in parts if at least one input is held so; undefined where it must be computed whole. */
type SpreadRule<K extends OpName> = (node: Tensor<K>, inputs: readonly Held[], share: Share) => Answer | undefined;

const firstSpread = (inputs: readonly Held[]): Spread => inputs.find(({ spread }) => spread)?.spread as Spread;

/** Every input and the result are held alike. */
const alike: SpreadRule<OpName> = (_, inputs) => {
  const spread = firstSpread(inputs);
  return { inputs: inputs.map(() => spread), spread };
};

/** Images [N,...] and filters: each image by itself. */
const perImage =
  (images: number): SpreadRule<OpName> =>
  (_, inputs) => {
    const { spread } = inputs[0] as Held;
    if (spread?.axis !== 0) return undefined;
    return { inputs: inputs.map((_, i) => (i < images ? spread : undefined)), spread };
  };

/** The axis that stays of `axis` when `dropped` go. */
const keptAxis = (axis: number, dropped: readonly number[]): number =>
  axis - dropped.filter((other) => other < axis).length;

/** A reduction to `rows` leading rows (none for a tensor by itself). @param combine what makes the whole result of the ranks' */
const reduction =
  (
    leading: 0 | 1,
    combine?: (local: Tensor, share: Share) => Tensor,
  ): SpreadRule<'reduceSum' | 'reduceMax' | 'sums' | 'moments'> =>
  ({ attributes: { axes } }, inputs, share) => {
    const spread = firstSpread(inputs);
    const wanted = inputs.map(() => spread);
    if (!axes.includes(spread.axis))
      return { inputs: wanted, spread: { ...spread, axis: keptAxis(spread.axis, axes) + leading } };
    return combine && { inputs: wanted, combine: (local) => combine(local, share) };
  };

/** The moments of all from those of as many numbers on each rank, about the common mean. */
function combineMoments(local: Tensor, { ranks }: Share): Tensor {
  const mean = allReduceMean(row(local, 0), ranks);
  const deviation = square(sub(row(local, 0), mean));
  return stack([mean, allReduceMean(add(row(local, 1), deviation), ranks)]);
}

const broadcastRule: SpreadRule<'broadcast'> = ({ attributes: { axes, shape } }, inputs, share) => {
  const { axis, block } = firstSpread(inputs);
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const spread = { axis: kept[axis] as number, block };
  return { inputs: [{ axis, block }], attributes: { axes, shape: localShape(shape, spread, share) }, spread };
};

const reshapeRule: SpreadRule<'reshape'> = ({ attributes: { shape } }, inputs, share) => {
  const [x] = inputs as [Held];
  const spread = reshaped(x.shape, x.spread as Spread, shape, share);
  return spread && { inputs: [x.spread], attributes: { shape: localShape(shape, spread, share) }, spread };
};

const transposeRule: SpreadRule<'transpose'> = ({ attributes: { permutation } }, inputs) => {
  const { axis, block } = firstSpread(inputs);
  return { inputs: [{ axis, block }], spread: { axis: permutation.indexOf(axis), block } };
};

const concatRule: SpreadRule<'concat'> = (_, inputs, share) => {
  const spread = firstSpread(inputs);
  if (!inputs.every(({ shape }) => canSpread(shape, spread, share))) return undefined;
  return { inputs: inputs.map(() => spread), spread };
};

/** Amounts along the axis in units of a rank's part; undefined if they cut through a block. */
function inParts(amounts: readonly number[], { axis, block }: Spread, { ranks }: Share): readonly number[] | undefined {
  const amount = amounts[axis] as number;
  return amount % block === 0 ? amounts.with(axis, amount / ranks) : undefined;
}

const sliceRule: SpreadRule<'slice'> = ({ attributes }, inputs, share) => {
  const spread = firstSpread(inputs);
  const [begin, size] = [inParts(attributes.begin, spread, share), inParts(attributes.size, spread, share)];
  return begin && size && { inputs: [spread], attributes: { begin, size }, spread };
};

const padRule: SpreadRule<'pad'> = ({ attributes }, inputs, share) => {
  const spread = firstSpread(inputs);
  const [before, after] = [inParts(attributes.before, spread, share), inParts(attributes.after, spread, share)];
  return before && after && { inputs: [spread], attributes: { before, after }, spread };
};

/** A sum over what is spread is the sum of the ranks' sums; rows or columns of one factor are those of the result. */
const matmulRule: SpreadRule<'matmul'> = ({ attributes: { transposeA, transposeB } }, inputs, share) => {
  const [a, b] = inputs as [Held, Held];
  const [innerA, innerB] = [transposeA ? 0 : 1, transposeB ? 1 : 0];
  if (a.spread?.axis === innerA || b.spread?.axis === innerB) {
    const { block } = (a.spread?.axis === innerA ? a.spread : b.spread) as Spread;
    const wanted = [
      { axis: innerA, block },
      { axis: innerB, block },
    ];
    const fits = inputs.every(({ shape }, i) => canSpread(shape, wanted[i] as Spread, share));
    return fits ? { inputs: wanted, combine: allReduceSum } : undefined;
  }
  if (a.spread) return { inputs: [a.spread, undefined], spread: { ...a.spread, axis: 0 } };
  return { inputs: [undefined, b.spread], spread: { ...(b.spread as Spread), axis: 1 } };
};

const filterGradientRule: SpreadRule<'conv2dFilterGradient'> = (_, inputs) => {
  const spread = firstSpread(inputs);
  return spread.axis === 0 ? { inputs: [spread, spread], combine: allReduceSum } : undefined;
};

const gatherRule: SpreadRule<'gather'> = (_, inputs) => {
  const { spread } = inputs[1] as Held;
  return spread && { inputs: [undefined, spread], spread };
};

/** Of indices [...] and rows [...,D]. */
const scatterRule: SpreadRule<'scatterAdd'> = (_, inputs) => {
  const spread = firstSpread(inputs);
  const isOfRows = spread.axis < (inputs[0] as Held).shape.length;
  return isOfRows ? { inputs: [spread, spread], combine: allReduceSum } : undefined;
};

const scalarRules = Object.fromEntries(Object.keys(SCALAR_FUNCTIONS).map((name) => [name, alike]));

/** The rule of every op that is computed in parts; what has none is computed whole on every rank. */
export const spreadRules = {
  ...scalarRules,
  reduceSum: reduction(0, allReduceSum),
  reduceMax: reduction(0),
  sums: reduction(1, allReduceSum),
  moments: reduction(1, combineMoments),
  broadcast: broadcastRule,
  reshape: reshapeRule,
  transpose: transposeRule,
  concat: concatRule,
  slice: sliceRule,
  pad: padRule,
  matmul: matmulRule,
  conv2d: perImage(1),
  conv2dInputGradient: perImage(1),
  conv2dFilterGradient: filterGradientRule,
  maxPool: perImage(1),
  maxPoolGradient: perImage(2),
  maxPoolGather: perImage(2),
  averagePool: perImage(1),
  averagePoolGradient: perImage(1),
  upsampleNearest: perImage(1),
  gather: gatherRule,
  scatterAdd: scatterRule,
  truncate: alike,
  oneHot: alike,
} as { readonly [K in OpName]?: SpreadRule<K> };
