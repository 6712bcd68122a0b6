import type { ResultType } from '../tensor/operators.ts';
import { axisSize, elements, formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, mul, neg, reciprocal, sqrt, square, sub } from './elementwise.ts';
import { fill } from './leaves.ts';
import { broadcast, perChannel } from './movement.ts';
import { like, op, shapeError } from './op.ts';
import { allButChannel, allButSample, reduceSum } from './reduce.ts';
import { type Moments, means, moments, sums } from './statistics.ts';

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

/** x^ = (x - mean) rstd with the moments of x itself over `axes`. */
export interface Standardized {
  readonly normalized: Tensor;
  /** x - mean. */
  readonly deviation: Tensor;
  /** 1 / sqrt(variance + epsilon), without the axes. */
  readonly rstd: Tensor;
  readonly axes: readonly number[];
}

/** x^ over ascending `axes`, and what it was made of. */
export function standardize(x: Tensor, axes: readonly number[], epsilon: number): Standardized {
  const { mean, variance } = moments(x, axes);
  const rstd = inverseDeviation(variance, epsilon);
  const deviation = sub(x, broadcast(mean, axes, x.shape));
  return { normalized: mul(deviation, broadcast(rstd, axes, x.shape)), deviation, rstd, axes };
}

/** (x - mean) (gain rstd) + bias: a multiplication per number less than x^ gain + bias. */
function decomposeBatchNorm({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  const { deviation, rstd } = standardize(x, allButChannel(x.shape), epsilon);
  return add(mul(deviation, perChannel(mul(gain, rstd), x.shape)), perChannel(bias, x.shape));
}

function decomposeLayerNorm({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  const { normalized } = standardize(x, allButSample(x.shape), epsilon);
  return add(mul(normalized, perChannel(gain, x.shape)), perChannel(bias, x.shape));
}

/** g - mean(g) - x^ mean(g x^): what is left of g once the moments of x are held fixed. The means are over the axes of x^'s
 *  moments, and of their shape. */
function centre(g: Tensor, { deviation, rstd, axes }: Standardized, mean: Tensor, productMean: Tensor): Tensor {
  const spread = (t: Tensor) => broadcast(t, axes, g.shape);
  return sub(sub(g, spread(mean)), mul(deviation, spread(mul(rstd, productMean))));
}

/** The sums over each channel of dy and of dy x^, given the moments of each channel: the gradients of bias and gain. */
function channelSums(dy: Tensor, { deviation, rstd }: Standardized): [Tensor, Tensor] {
  const [sum, product] = sums([dy, mul(dy, deviation)], allButChannel(dy.shape)) as [Tensor, Tensor];
  return [sum, mul(rstd, product)];
}

/** The means [N,C] over the pixels of each sample of dy and of dy x^, given the moments of each sample. The sums over channels and the means
 *  over samples come of them: dy and x are read once for both. */
function pixelMeans(dy: Tensor, { deviation, rstd }: Standardized): [Tensor, Tensor] {
  const both = [dy, mul(dy, deviation)];
  const [mean, product] = (dy.shape.length > 2 ? means(both, pixelAxes(dy.shape)) : both) as [Tensor, Tensor];
  return [mean, mul(broadcast(rstd, [1], product.shape), product)];
}

/** As `channelSums`, given the moments of each sample. */
function channelSumsOfPixels(dy: Tensor, standardized: Standardized): [Tensor, Tensor] {
  const pixels = elements(dy.shape.slice(1, -1));
  return sums(pixelMeans(dy, standardized), [0]).map((sum) => mul(pixels, sum)) as [Tensor, Tensor];
}

/** The means over each sample of g = gain dy and of g x^: the gain is constant over the pixels, so they are those of the pixels' means times
 *  it. */
function sampleMeans(dy: Tensor, gain: Tensor, standardized: Standardized): [Tensor, Tensor] {
  const ofChannels = pixelMeans(dy, standardized).map((mean) => mul(mean, perChannel(gain, mean.shape)));
  return means(ofChannels, [1]) as [Tensor, Tensor];
}

/** dx = gain rstd centre(dy): the gain is constant over a channel, so its sums are those of the gain's and bias's gradients. */
function decomposeBatchNormGradient({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, dy: Tensor): Tensor {
  const standardized = standardize(x, allButChannel(x.shape), epsilon);
  const share = elements(gain.shape) / elements(x.shape);
  const [mean, productMean] = channelSums(dy, standardized).map((sum) => mul(share, sum)) as [Tensor, Tensor];
  return mul(centre(dy, standardized, mean, productMean), perChannel(mul(gain, standardized.rstd), x.shape));
}

/** dx = rstd centre(gain dy). */
function decomposeLayerNormGradient({ epsilon }: { epsilon: number }, x: Tensor, gain: Tensor, dy: Tensor): Tensor {
  const standardized = standardize(x, allButSample(x.shape), epsilon);
  const g = mul(dy, perChannel(gain, x.shape));
  const centred = centre(g, standardized, ...sampleMeans(dy, gain, standardized));
  return mul(centred, broadcast(standardized.rstd, standardized.axes, x.shape));
}

/** The gradients of x and of g = gain dy, from the gradient u of dx = rstd centre(g).
 *
 *  rstd centre(.) is its own adjoint, so that of g is rstd centre(u). That of x, with g held fixed and means over the sample, is
 *  -rstd^2 (mean(g x^) (u - mean(u)) + mean(u x^) (g - mean(g)) + x^ (mean(u g) - mean(u) mean(g) - 3 mean(u x^) mean(g x^))):
 *  a weighted sum of u, g and x - mean, whose weights are the same for all elements of a sample. */
function curvature(u: Tensor, dy: Tensor, gain: Tensor, standardized: Standardized): { dg: Tensor; dx: Tensor } {
  const { deviation, rstd, axes } = standardized;
  const spread = (t: Tensor) => broadcast(t, axes, u.shape);
  const g = mul(dy, perChannel(gain, u.shape));
  const [gMean, gx] = sampleMeans(dy, gain, standardized);
  const [uMean, uDeviation, ug] = means([u, mul(u, deviation), mul(u, g)], axes) as [Tensor, Tensor, Tensor];
  const ux = mul(rstd, uDeviation);
  const scale = neg(square(rstd));
  const weighted = (weight: Tensor, t: Tensor) => mul(spread(mul(scale, weight)), t);
  const ofDeviation = mul(rstd, sub(sub(ug, mul(uMean, gMean)), mul(3, mul(ux, gx))));
  const constant = spread(mul(scale, neg(add(mul(gx, uMean), mul(ux, gMean)))));
  return {
    dg: mul(centre(u, standardized, uMean, ux), spread(rstd)),
    dx: add(add(weighted(gx, u), weighted(ux, g)), add(weighted(ofDeviation, deviation), constant)),
  };
}

/** The gradients of gain and bias from the sums over each channel of dy and of dy x^. */
function parameterGradients(
  axesOf: NormAxes,
  sumsOf: typeof channelSums,
  { epsilon }: { epsilon: number },
  x: Tensor,
  dy: Tensor,
): (() => Tensor)[] {
  const both = () => sumsOf(dy, standardize(x, axesOf(x.shape), epsilon));
  return [() => both()[1], () => both()[0]];
}

const batchNormOp = op('batchNorm', {
  result: expectNormShapes('batchNorm', 'bias'),
  gradient: (dy, { attributes }, x, gain) => [
    () => batchNormGradientOp(attributes, x, gain, dy),
    ...parameterGradients(allButChannel, channelSums, attributes, x, dy),
  ],
  decompose: decomposeBatchNorm,
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
    ...parameterGradients(allButSample, channelSumsOfPixels, attributes, x, dy),
  ],
  decompose: decomposeLayerNorm,
});

const layerNormGradientOp = op('layerNormGradient', {
  result: expectNormShapes('layerNormGradient', 'dy'),
  gradient: (u, { attributes: { epsilon } }, x, gain, dy) => {
    const { dg, dx } = curvature(u, dy, gain, standardize(x, allButSample(x.shape), epsilon));
    return [() => dx, () => reduceSum(mul(dy, dg), allButChannel(x.shape)), () => mul(dg, perChannel(gain, x.shape))];
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

/** The moments [C] of a batch of `size` samples. */
export type BatchMoments = Moments & { readonly size: number };

/** Virtual batch normalisation: each sample of x [N,...,C] by the moments per channel of the union of itself and a reference batch. gain
 *  and bias [C]. No sample depends on another. @see arXiv:1606.03498, section 3.5 */
export function virtualBatchNorm(
  reference: BatchMoments,
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  epsilon: number,
): Tensor {
  const { mean, variance } = momentsOfUnions(reference, x);
  const scale = mul(perChannel(gain, mean.shape), inverseDeviation(variance, epsilon));
  const overPixels = (t: Tensor): Tensor => broadcast(t, pixelAxes(x.shape), x.shape);
  return add(mul(sub(x, overPixels(mean)), overPixels(scale)), perChannel(bias, x.shape));
}

/** The axes between samples and channels. */
const pixelAxes = (shape: Shape): number[] => shape.slice(1, -1).map((_, i) => i + 1);

/** The moments [N,C] of each sample of x [N,...,C] together with a batch of samples as large. */
function momentsOfUnions({ size, ...of }: BatchMoments, x: Tensor): Moments {
  const axes = pixelAxes(x.shape);
  const own = axes.length > 0 ? moments(x, axes) : { mean: x, variance: fill(0, x.shape) };
  const share = 1 / (size + 1);
  const perRow = (t: Tensor): Tensor => perChannel(t, own.mean.shape);
  const difference = sub(own.mean, perRow(of.mean));
  const within = add(mul(1 - share, perRow(of.variance)), mul(share, own.variance));
  return {
    mean: add(perRow(of.mean), mul(share, difference)),
    variance: add(within, mul(share * (1 - share), square(difference))),
  };
}
