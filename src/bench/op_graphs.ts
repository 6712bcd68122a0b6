import { gradients } from '../graph/index.ts';
import { gradientPenalty } from '../losses/index.ts';
import { buildGan, resolveConfig } from '../models/index.ts';
import { ones, zeros } from '../nn/index.ts';
import { parameter } from '../nn/layer.ts';
import {
  add,
  batchNorm,
  broadcastScalar,
  conv2d,
  elu,
  layerNorm,
  leakyRelu,
  matmul,
  mul,
  perChannel,
  perSample,
  reduceSum,
  sub,
} from '../ops/index.ts';
import { createOptimizer } from '../optim/index.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read, trace } from '../tensor/trace.ts';
import { graphWorkload, type Workload } from './workload.ts';

/** What is computed of something linear in its input and its filter. */
export const DIRECTIONS = ['forward', 'inputGradient', 'filterGradient'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** An op at a size; scripts/bench/tasks.py knows each by the same name and keys. */
export type OpSpec =
  | {
      readonly op: 'conv';
      readonly batch: number;
      /** Height and width of the input. */
      readonly size: number;
      readonly inputs: number;
      readonly outputs: number;
      readonly kernel: number;
      readonly stride: number;
      readonly direction: Direction;
    }
  | {
      readonly op: 'linear';
      readonly batch: number;
      readonly inputs: number;
      readonly outputs: number;
      readonly direction: Direction;
    }
  | { readonly op: 'norm'; readonly norm: 'batch' | 'layer'; readonly backward: boolean; readonly shape: Shape }
  | { readonly op: 'pointwise'; readonly fn: 'biasLeakyRelu' | 'biasEluResidual' | 'mix'; readonly shape: Shape }
  | { readonly op: 'adam'; readonly shape: Shape }
  | {
      readonly op: 'critic';
      readonly batch: number;
      /** Filters of the first layer. */
      readonly width: number;
      readonly direction: 'forward' | 'inputGradient' | 'penaltyGradient';
    };

type Spec<Op extends OpSpec['op']> = Extract<OpSpec, { op: Op }>;

const EPSILON = 1e-5;
const SLOPE = 0.2;

/** An op as work for devices and for PyTorch. */
export const opWorkload = (spec: OpSpec): Workload =>
  graphWorkload(
    trace(spec.op, () => build(spec)),
    { shape: shapeOf(spec), images: imagesOf(spec), pytorch: spec },
  );

function build(spec: OpSpec): Record<string, Tensor> {
  switch (spec.op) {
    case 'conv':
      return bilinear(spec, (x, w) => conv2d(x, w, { stride: spec.stride }));
    case 'linear':
      return bilinear(spec, matmul);
    case 'norm':
      return norm(spec);
    case 'pointwise':
      return { y: pointwise(spec) };
    case 'adam':
      return adam(spec);
    case 'critic':
      return critic(spec);
  }
}

/** An input that lies on the device. */
const input = (name: string, shape: Shape): Tensor => read(parameter(name, shape, zeros));

const isImage = (spec: Spec<'conv' | 'linear'>): spec is Spec<'conv'> => spec.op === 'conv';

const bilinearShapes = (spec: Spec<'conv' | 'linear'>): { x: Shape; w: Shape; y: Shape } => {
  const { batch, inputs, outputs } = spec;
  if (!isImage(spec)) return { x: [batch, inputs], w: [inputs, outputs], y: [batch, outputs] };
  const { size, kernel, stride } = spec;
  const reached = Math.ceil(size / stride);
  return {
    x: [batch, size, size, inputs],
    w: [outputs, kernel, kernel, inputs],
    y: [batch, reached, reached, outputs],
  };
};

function bilinear(spec: Spec<'conv' | 'linear'>, apply: (x: Tensor, w: Tensor) => Tensor): Record<string, Tensor> {
  const shapes = bilinearShapes(spec);
  const [x, w] = [input('x', shapes.x), input('w', shapes.w)];
  const y = apply(x, w);
  if (spec.direction === 'forward') return { y };
  const [gradient] = gradients(y, [spec.direction === 'inputGradient' ? x : w], input('dy', shapes.y)) as [Tensor];
  return { gradient };
}

function norm({ norm, backward, shape }: Spec<'norm'>): Record<string, Tensor> {
  const channels = shape.slice(-1);
  const [x, gain, bias] = [input('x', shape), input('gain', channels), input('bias', channels)];
  const y = (norm === 'batch' ? batchNorm : layerNorm)(x, gain, bias, EPSILON);
  if (!backward) return { y };
  const [dx, dGain, dBias] = gradients(y, [x, gain, bias], input('dy', shape)) as [Tensor, Tensor, Tensor];
  return { y, dx, dGain, dBias };
}

function pointwise({ fn, shape }: Spec<'pointwise'>): Tensor {
  const x = input('x', shape);
  if (fn === 'mix') {
    const e = perSample(input('e', shape.slice(0, 1)), shape);
    return add(x, mul(e, sub(input('other', shape), x)));
  }
  const biased = add(x, perChannel(input('bias', shape.slice(-1)), shape));
  if (fn === 'biasLeakyRelu') return leakyRelu(biased, SLOPE);
  const carry = broadcastScalar(input('carry', []), shape);
  return add(mul(carry, input('other', shape)), mul(sub(1, carry), elu(biased)));
}

function adam({ shape }: Spec<'adam'>): Record<string, Tensor> {
  const weight = parameter('weight', shape, ones);
  createOptimizer('adam', { name: 'adam', learningRate: 2e-4, beta1: 0.5 }, [weight]).update([
    input('gradient', shape),
  ]);
  return {};
}

/** The critic of the WGAN-GP in one of the passes that its training step makes. */
function critic({ batch, width, direction }: Spec<'critic'>): Record<string, Tensor> {
  const { discriminator } = buildGan(resolveConfig({ recipe: 'wgan-gp', model: { width } }));
  const score = (images: Tensor) => discriminator.apply(images, { training: true });
  const images = input('images', [batch, ...discriminator.inputShape]);
  if (direction === 'forward') return { scores: score(images) };
  if (direction === 'inputGradient') {
    const [slope] = gradients(reduceSum(score(images)), [images]) as [Tensor];
    return { slope };
  }
  const e = input('e', [batch]);
  const { penalty } = gradientPenalty(score, images, input('fake', images.shape), e);
  const found = gradients(penalty, discriminator.parameters.map(read));
  return Object.fromEntries(found.map((gradient, i) => [`gradient${i}`, gradient]));
}

function shapeOf(spec: OpSpec): string {
  if (spec.op === 'critic') return `[${spec.batch},64,64,3], width ${spec.width}`;
  if (!('direction' in spec)) return formatShape(spec.shape);
  const { x, y } = bilinearShapes(spec);
  return `${formatShape(x)} -> ${formatShape(y)}`;
}

const imagesOf = (spec: OpSpec): number => ('batch' in spec ? spec.batch : 0);
