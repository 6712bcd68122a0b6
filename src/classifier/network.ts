import type { ImageSize } from '../config/index.ts';
import type { Channels } from '../data/index.ts';
import { DataError } from '../errors.ts';
import {
  block,
  convolution,
  dropout,
  flat,
  glorot,
  type LayerBuilder,
  linear,
  maxPool,
  type Network,
  sequential,
} from '../nn/index.ts';
import type { Variable } from '../tensor/variable.ts';

/** What decides the shape of a classifier's layers. */
export interface ClassifierArchitecture {
  /** Of the images that it takes. */
  readonly size: ImageSize;
  readonly channels: Channels;
  /** Channels of the first convolution; each further one has twice as many, up to four times. */
  readonly width: number;
  /** Columns of the penultimate layer. */
  readonly features: number;
}

/** The layers of a classifier in two parts. */
export interface ClassifierNetwork {
  /** Images [N,H,W,C] in [-1, 1] -> features [N,F]. */
  readonly body: Network;
  /** Features [N,F] -> logits [N,K]. */
  readonly head: Network;
  readonly variables: readonly Variable[];
  readonly parameters: readonly Variable[];
}

/** How small convolutions and poolings make an image, about. */
const LAST_SIDE = 4;
const LEAST_SIDE = 8;

/** 3x3 convolutions with batch norm, a maximum pooling behind each, down to about 4x4, then a hidden and a last linear layer.
 *  @throws DataError image_size for a side below 8 */
export function buildClassifier(
  { size, channels, width, features }: ClassifierArchitecture,
  classes: number,
): ClassifierNetwork {
  const side = Math.min(...size);
  if (side < LEAST_SIDE) {
    throw new DataError(
      'image_size',
      `a classifier needs images of at least ${LEAST_SIDE} pixels, but received ${side}`,
    );
  }
  const levels = Math.floor(Math.log2(side / LAST_SIDE));
  const body = sequential(
    'classifier.body',
    [...size, channels],
    [
      ...Array.from({ length: levels }, (_, level) => pooled(width * 2 ** Math.min(2, level))).flat(),
      flat,
      block({ transform: linear([features]), activation: 'relu', weights: glorot }),
    ],
  );
  const head = sequential('classifier.head', body.outputShape, [
    dropout(0.5),
    block({ transform: linear([classes]), weights: glorot }),
  ]);
  return {
    body,
    head,
    variables: [...body.variables, ...head.variables],
    parameters: [...body.parameters, ...head.parameters],
  };
}

const pooled = (channels: number): LayerBuilder[] => [
  block({ transform: convolution({ channels, kernel: 3 }), norm: 'batch', activation: 'relu', weights: glorot }),
  maxPool(2),
];
