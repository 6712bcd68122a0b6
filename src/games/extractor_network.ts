import { block, convolution, glorot, linear, type Network, sequential } from '../nn/index.ts';
import type { Shape } from '../tensor/shape.ts';

/** Channels of the two convolutions. */
const WIDTHS = [32, 64];

/** The network that reads labels off images: two convolutions and a linear layer. Images [N,H,W,C] in [-1, 1] -> a logit for each label,
 *  [N, labels]. @param image [H,W,C] */
export const buildExtractor = (image: Shape, labels: number): Network =>
  sequential('extractor', image, [
    ...WIDTHS.map((channels) =>
      block({
        weights: glorot,
        transform: convolution({ channels, kernel: 5, stride: 2 }),
        activation: 'leakyRelu',
      }),
    ),
    block({ weights: glorot, transform: linear([labels]) }),
  ]);
