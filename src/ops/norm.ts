import type { ResultType } from '../tensor/operators.ts';
import { axisSize, formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, mul, neg, reciprocal, sqrt, square, sub } from './elementwise.ts';
import { broadcast, perChannel } from './movement.ts';
import { like, op, shapeError } from './op.ts';
import { allButChannel, allButSample, reduceMean, reduceSum } from './reduce.ts';

/** Mean and (biased) variance, shaped like x without the axes they were taken over. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Moments over ascending `axes`; the variance about the mean, since E[x^2] - E[x]^2 loses all digits when the mean is large. */
export function moments(x: Tensor, axes: readonly number[]): Moments {
  const mean = reduceMean(x, axes);
  const variance = reduceMean(square(sub(x, broadcast(mean, axes, x.shape))), axes);
  return { mean, variance };
}

/** 1 / sqrt(variance + epsilon). */
const inverseDeviation = (variance: Tensor, epsilon: number): Tensor => reciprocal(sqrt(add(variance, epsilon)));

/** What batch and layer normalisation share: the axes their moments are taken over. */
type NormAxes = (shape: Shape) => readonly number[];

/** The shape rule of a normalisation of x with gain and bias, or of its gradient from x, gain and dy. */
function expectNormShapes(
  name: string,
  third: 'bias' | 'dy',
): (attributes: unknown, ...inputs: Tensor[]) => ResultType {
  return (_, ...inputs) => {
    const [x, gain, last] = inputs as [Tensor, Tensor, Tensor];
    if (x.shape.length < 2) {
      throw shapeError(
        'norm_rank',
        `${name} expects samples and channels [N,...,C], but received ${formatShape(x.shape)}`,
      );
    }
    const channels = [axisSize(x.shape, -1)];
    const expect = (role: 'gain' | 'bias' | 'dy', tensor: Tensor, shape: Shape) => {
      if (sameShape(tensor.shape, shape) && tensor.dtype === 'float32') return;
      throw shapeError(
        `norm_${role}`,
        `${name} of ${formatShape(x.shape)} expects ${role} as float32 ${formatShape(shape)}, but received ${tensor.dtype} ${formatShape(tensor.shape)}`,
      );
    };
    expect('gain', gain, channels);
    expect(third, last, third === 'dy' ? x.shape : channels);
    return like(x);
  };
}

/** (x - mean) / deviation, with the moments of x itself. */
function standardize(x: Tensor, axes: readonly number[], epsilon: number): { normalized: Tensor; rstd: Tensor } {
  const { mean, variance } = moments(x, axes);
  const rstd = inverseDeviation(variance, epsilon);
  const spread = (t: Tensor) => broadcast(t, axes, x.shape);
  return { normalized: mul(sub(x, spread(mean)), spread(rstd)), rstd };
}

const decomposeNorm =
  (axesOf: NormAxes) =>
  ({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, bias: Tensor): Tensor => {
    const { normalized } = standardize(x, axesOf(x.shape), epsilon);
    return add(mul(normalized, perChannel(gain, x.shape)), perChannel(bias, x.shape));
  };

/** g - mean(g) - x^ mean(g x^) over `axes`: what is left of g once the moments of x are held fixed. */
function centre(g: Tensor, normalized: Tensor, axes: readonly number[]): Tensor {
  const spread = (t: Tensor) => broadcast(t, axes, g.shape);
  return sub(sub(g, spread(reduceMean(g, axes))), mul(normalized, spread(reduceMean(mul(g, normalized), axes))));
}

/** The gradient of sum(u rstd centre(g)) with respect to x, with g held fixed. With means over `axes` it is
 *  -rstd^2 (mean(g x^) (u - mean(u)) + mean(u x^) (g - mean(g)) + x^ (mean(u g) - mean(u) mean(g) - 3 mean(u x^) mean(g x^))):
 *  a weighted sum of u, g and x^, whose weights are the same for all elements that share their moments. */
function curvature(
  u: Tensor,
  g: Tensor,
  { normalized, rstd }: { normalized: Tensor; rstd: Tensor },
  axes: readonly number[],
): Tensor {
  const mean = (t: Tensor) => reduceMean(t, axes);
  const spread = (t: Tensor) => broadcast(t, axes, u.shape);
  const [uMean, gMean, ux, gx] = [mean(u), mean(g), mean(mul(u, normalized)), mean(mul(g, normalized))];
  const scale = neg(square(rstd));
  const ofNormalized = sub(sub(mean(mul(u, g)), mul(uMean, gMean)), mul(3, mul(ux, gx)));
  const weighted = (weight: Tensor, t: Tensor) => mul(spread(mul(scale, weight)), t);
  const constant = spread(mul(scale, neg(add(mul(gx, uMean), mul(ux, gMean)))));
  return add(add(weighted(gx, u), weighted(ux, g)), add(weighted(ofNormalized, normalized), constant));
}

/** dx = gain rstd centre(dy): the gain is constant over a channel, so its sums are those of the gain's and bias's gradients. */
function decomposeBatchNormGradient({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, dy: Tensor): Tensor {
  const axes = allButChannel(x.shape);
  const { normalized, rstd } = standardize(x, axes, epsilon);
  return mul(centre(dy, normalized, axes), perChannel(mul(gain, rstd), x.shape));
}

/** dx = rstd centre(gain dy). */
function decomposeLayerNormGradient({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, dy: Tensor): Tensor {
  const axes = allButSample(x.shape);
  const { normalized, rstd } = standardize(x, axes, epsilon);
  return mul(centre(mul(dy, perChannel(gain, x.shape)), normalized, axes), broadcast(rstd, axes, x.shape));
}

function gainGradient(axesOf: NormAxes, x: Tensor, dy: Tensor, epsilon: number): Tensor {
  const { normalized } = standardize(x, axesOf(x.shape), epsilon);
  return reduceSum(mul(dy, normalized), allButChannel(x.shape));
}

const batchNormOp = op('batchNorm', {
  result: expectNormShapes('batchNorm', 'bias'),
  gradient: (dy, { attributes }, x, gain) => [
    () => batchNormGradientOp(attributes, x, gain, dy),
    () => gainGradient(allButChannel, x, dy, attributes.epsilon),
    () => reduceSum(dy, allButChannel(x.shape)),
  ],
  decompose: decomposeNorm(allButChannel),
});

const batchNormGradientOp = op('batchNormGradient', {
  result: expectNormShapes('batchNormGradient', 'dy'),
  gradient: 'decompose',
  decompose: decomposeBatchNormGradient,
});

const layerNormOp = op('layerNorm', {
  result: expectNormShapes('layerNorm', 'bias'),
  gradient: (dy, { attributes }, x, gain) => [
    () => layerNormGradientOp(attributes, x, gain, dy),
    () => gainGradient(allButSample, x, dy, attributes.epsilon),
    () => reduceSum(dy, allButChannel(x.shape)),
  ],
  decompose: decomposeNorm(allButSample),
});

const layerNormGradientOp = op('layerNormGradient', {
  result: expectNormShapes('layerNormGradient', 'dy'),
  // rstd centre(.) is its own adjoint.
  gradient: (u, { attributes: { epsilon } }, x, gain, dy) => {
    const axes = allButSample(x.shape);
    const standardized = standardize(x, axes, epsilon);
    const gains = perChannel(gain, x.shape);
    const dg = () => mul(centre(u, standardized.normalized, axes), broadcast(standardized.rstd, axes, x.shape));
    return [
      () => curvature(u, mul(dy, gains), standardized, axes),
      () => reduceSum(mul(dy, dg()), allButChannel(x.shape)),
      () => mul(dg(), gains),
    ];
  },
  decompose: decomposeLayerNormGradient,
});

/** The ops of this file, for the rule table. */
export const normOps = {
  batchNorm: batchNormOp,
  batchNormGradient: batchNormGradientOp,
  layerNorm: layerNormOp,
  layerNormGradient: layerNormGradientOp,
};

/** Batch normalisation with the batch's own moments per channel. x [...,C], gain and bias [C]. @see arXiv:1502.03167 */
export const batchNorm = (x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor =>
  batchNormOp({ epsilon }, x, gain, bias);

/** Layer normalisation over everything but the first axis, gain and bias per channel. x [N,...,C]. @see arXiv:1607.06450 */
export const layerNorm = (x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor =>
  layerNormOp({ epsilon }, x, gain, bias);

/** Batch normalisation for inference, with given moments [C] (the running ones) in place of the batch's. */
export function normalizeWith(
  { mean, variance }: Moments,
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  epsilon: number,
): Tensor {
  const scale = mul(gain, inverseDeviation(variance, epsilon));
  return add(mul(sub(x, perChannel(mean, x.shape)), perChannel(scale, x.shape)), perChannel(bias, x.shape));
}
