import * as gannet from '../../ops/index.ts';
import { ops } from '../../ops/rules.ts';
import type { PoolAttributes } from '../../tensor/operators.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Case, row } from './case.ts';

type Convolution = readonly [image: Shape, filter: Shape, options: gannet.WindowOptions, why: string];

const CONVOLUTIONS: readonly Convolution[] = [
  [[2, 5, 4, 3], [7, 1, 1, 3], {}, 'a 1x1 filter is a matrix product'],
  [[2, 7, 5, 2], [3, 1, 1, 2], { stride: 2 }, 'pixels between the strides are never read'],
  [[2, 8, 6, 3], [4, 2, 2, 3], { stride: 2, padding: 'valid' }, 'windows that tile the image'],
  [[2, 7, 5, 3], [4, 3, 3, 3], {}, 'odd sizes, 3 channels'],
  [[1, 7, 9, 2], [3, 3, 3, 2], { stride: 2 }, 'stride 2 on odd sizes, batch 1'],
  [[2, 6, 8, 2], [3, 3, 3, 2], { stride: 2 }, 'stride 2 on even sizes: zeros at the bottom and right only'],
  [[2, 6, 8, 2], [3, 3, 3, 2], { stride: 2, padding: 'valid' }, 'a last row and column that no window reaches'],
  [[2, 6, 6, 1], [1, 3, 3, 1], { padding: 'valid' }, 'one channel to one channel'],
  [[2, 8, 8, 3], [5, 4, 4, 3], { stride: 2 }, 'the layer of a DCGAN with 4x4 filters'],
  [[2, 8, 8, 3], [5, 4, 4, 3], { stride: 2, padding: 1 }, 'the same layer as PyTorch pads it'],
  [[3, 4, 4, 6], [1, 4, 4, 6], { padding: 'valid' }, 'the last layer of a critic: one place, one filter'],
  [[2, 5, 7, 2], [3, 4, 4, 2], {}, 'an even filter: one more zero at the bottom and right'],
  [[2, 9, 7, 3], [4, 5, 5, 3], { stride: 2 }, 'the layer of a DCGAN with 5x5 filters, odd sizes'],
  [[2, 8, 6, 1], [3, 5, 5, 1], { stride: 2 }, 'the same on even sizes, 1 channel'],
  [[1, 7, 6, 2], [2, 5, 5, 2], { padding: 'valid' }, '5x5 without padding'],
  [[2, 3, 3, 2], [2, 5, 5, 2], {}, 'a filter larger than the image'],
  [[2, 2, 2, 4], [3, 4, 4, 4], { stride: 2 }, 'an image smaller than the filter, down to one place'],
  [[1, 7, 8, 2], [2, 6, 6, 2], { stride: 2 }, '6x6'],
  [[1, 9, 8, 2], [3, 7, 7, 2], {}, '7x7'],
  [[2, 6, 9, 2], [3, 3, 5, 2], { stride: [1, 2], padding: [1, 0, 2, 1] }, 'a different window along each axis'],
  [[2, 5, 5, 17], [19, 3, 3, 17], {}, 'more channels than a vector holds, odd'],
  [[1, 4, 4, 32], [16, 3, 3, 32], { stride: 2 }, 'channels that blocked formats like'],
  [[5, 4, 4, 2], [2, 3, 3, 2], { padding: 2 }, 'more zeros than same padding has: windows half in the void'],
];

type Transposed = readonly [
  input: Shape,
  filter: Shape,
  options: NonNullable<Parameters<typeof gannet.conv2dTranspose>[2]>,
  why: string,
];

const TRANSPOSED: readonly Transposed[] = [
  [[2, 3, 5, 4], [4, 4, 4, 3], { stride: 2 }, 'the layer of a DCGAN generator with 4x4 filters'],
  [[2, 4, 3, 3], [3, 5, 5, 2], { stride: 2 }, 'the same with 5x5 filters'],
  [
    [2, 4, 4, 3],
    [3, 5, 5, 1],
    { stride: 2, outputSize: [7, 8] },
    'to an odd height, as 7x7 images of 28x28 digits need',
  ],
  [[3, 1, 1, 5], [5, 4, 4, 2], { padding: 'valid', outputSize: [4, 4] }, 'the first layer: a latent becomes 4x4'],
  [[1, 3, 4, 2], [2, 3, 3, 3], {}, 'stride 1'],
  [[2, 3, 3, 2], [2, 2, 2, 3], { stride: 2, padding: 'valid' }, 'windows that do not overlap'],
];

type Pooling = readonly [image: Shape, size: number, options: gannet.WindowOptions, why: string];

const POOLS: readonly Pooling[] = [
  [[2, 4, 6, 3], 2, {}, 'windows that tile the image'],
  [[2, 5, 7, 1], 2, {}, 'a last row and column that no window reaches, 1 channel'],
  [[2, 7, 5, 3], 3, { stride: 2 }, 'overlap'],
  [[1, 7, 6, 2], 3, { stride: 2, padding: 'same' }, 'overlap and padding'],
  [[2, 5, 4, 2], 3, { stride: 1, padding: 1 }, 'padding on every side, each pixel in nine windows'],
  [[1, 6, 6, 5], 2, { stride: 1, padding: [0, 1, 0, 1] }, 'padding on one side only'],
  [[2, 3, 3, 4], 3, {}, 'the whole image, as global pooling'],
];

const list = (numbers: readonly number[]): string => `[${numbers}]`;

const geometry = ({ stride, padding }: gannet.WindowOptions): string =>
  `${stride === undefined ? '' : ` stride ${stride}`}${padding === undefined ? '' : ` padding ${padding}`}`;

const POOL_FUNCTIONS = { maxPool: gannet.maxPool, averagePool: gannet.averagePool };

const OVERLAPPING: PoolAttributes = { size: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] };

/** Convolutions in all directions, pools and upsampling. */
export const windowCases: readonly Case[] = [
  ...CONVOLUTIONS.map(([image, filter, options, why]) =>
    row({
      op: 'conv2d',
      detail: `${list(image)} by ${list(filter)}${geometry(options)}`,
      why,
      inputs: { x: { shape: image }, w: { shape: filter, low: -1, high: 1 } },
      build: ({ x, w }) => gannet.conv2d(x, w, options),
    }),
  ),
  ...TRANSPOSED.map(([input, filter, options, why]) =>
    row({
      op: 'conv2dInputGradient',
      detail: `${list(input)} by ${list(filter)}${geometry(options)}`,
      why,
      inputs: { x: { shape: input }, w: { shape: filter, low: -1, high: 1 } },
      build: ({ x, w }) => gannet.conv2dTranspose(x, w, options),
    }),
  ),
  row({
    op: 'conv2dInputGradient',
    detail: '3x3 of an enlarged map',
    why: 'the filter is itself the result of a convolution, of as many filters as it has numbers per tap',
    inputs: { x: { shape: [2, 3, 4, 3] }, w: { shape: [5, 3, 3, 3] } },
    build: ({ x, w }) => gannet.conv2dEnlarged(x, w, 2),
  }),
  row({
    op: 'conv2dFilterGradient',
    detail: '[2,7,6,3] stride 2',
    why: 'an op of its own once gradients are differentiated',
    inputs: { x: { shape: [2, 7, 6, 3] }, dy: { shape: [2, 4, 3, 2] } },
    build: ({ x, dy }) =>
      ops.conv2dFilterGradient({ stride: [2, 2], padding: [1, 1, 1, 0], filterSize: [3, 3] }, x, dy),
  }),
  ...(['maxPool', 'averagePool'] as const).flatMap((op) =>
    POOLS.map(([image, size, options, why]) =>
      row({
        op,
        detail: `${list(image)} by ${size}${geometry(options)}`,
        why,
        inputs: { x: { shape: image } },
        build: ({ x }) => POOL_FUNCTIONS[op](x, size, options),
      }),
    ),
  ),
  row({
    op: 'maxPool',
    detail: 'of negative numbers, padded',
    why: 'a zero of the padding would win every window at the border',
    inputs: { x: { shape: [1, 5, 5, 2], low: -3, high: -1 } },
    build: ({ x }) => gannet.maxPool(x, 3, { stride: 2, padding: 1 }),
  }),
  row({
    op: 'maxPoolGradient',
    detail: 'with ties',
    why: 'the gradient goes to the first maximum',
    inputs: { x: { shape: [1, 2, 4, 1], values: [1, 3, 2, 2, 3, 0, 2, 1] }, dy: { shape: [1, 1, 2, 1] } },
    build: ({ x, dy }) => ops.maxPoolGradient({ size: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }, x, dy),
    differentiable: ['dy'],
  }),
  row({
    op: 'maxPoolGradient',
    detail: 'overlapping, padded',
    why: 'one pixel can be the maximum of four windows',
    inputs: { x: { shape: [2, 5, 6, 2] }, dy: { shape: [2, 3, 3, 2] } },
    build: ({ x, dy }) => ops.maxPoolGradient(OVERLAPPING, x, dy),
  }),
  row({
    op: 'maxPoolGather',
    detail: 'overlapping, padded',
    why: 'an op of its own once gradients are differentiated',
    inputs: { x: { shape: [2, 5, 6, 2] }, ddx: { shape: [2, 5, 6, 2] } },
    build: ({ x, ddx }) => ops.maxPoolGather(OVERLAPPING, x, ddx),
  }),
  row({
    op: 'averagePoolGradient',
    detail: 'overlapping, padded',
    why: 'windows at the border share their gradient between fewer pixels',
    inputs: { dy: { shape: [2, 3, 3, 2] } },
    build: ({ dy }) => ops.averagePoolGradient({ ...OVERLAPPING, inputSize: [5, 6] }, dy),
  }),
  ...([2, 3] as const).map((scale) =>
    row({
      op: 'upsampleNearest',
      detail: `[2,3,2,5] by ${scale}`,
      why: scale === 2 ? 'the decoder of BEGAN; a batch of 2' : 'a scale that is not a power of two',
      inputs: { x: { shape: [2, 3, 2, 5] } },
      build: ({ x }) => gannet.upsampleNearest(x, scale),
    }),
  ),
];
