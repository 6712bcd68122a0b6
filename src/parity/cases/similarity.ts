import * as gannet from '../../ops/index.ts';
import { ops } from '../../ops/rules.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Case, row } from './case.ts';

/** Distances of rows that far apart are about 1 to 3: similarities of a tenth and more, in which an error shows. */
const rangeOf = ([, , dimensions]: readonly [number, number, number]) => ({
  low: -1.5 / dimensions,
  high: 1.5 / dimensions,
});

const SHAPES: readonly (readonly [readonly [number, number, number], string])[] = [
  [[1, 3, 5], '1 image, like itself alone'],
  [[5, 3, 1], '1 dimension'],
  [[6, 4, 5], 'the usual 5 dimensions, in rows of whole vectors'],
  [[3, 35, 7], 'more features than a warp has lanes, in rows that no vector width divides'],
  [[19, 2, 5], 'images that fill no whole number of tiles'],
  [[4, 3, 11], 'more dimensions than a thread holds at once'],
  [[3, 2, 16], 'two whole chunks of dimensions'],
];

/** Similarities of the images of a batch, and their gradient by itself. */
export const similarityCases: readonly Case[] = [
  ...SHAPES.flatMap(([shape, why]) => [
    row({
      op: 'batchSimilarity',
      detail: `[${shape}]`,
      why,
      inputs: { m: { shape, ...rangeOf(shape) } },
      build: ({ m }) => gannet.batchSimilarity(m),
    }),
    row({
      op: 'batchSimilarityGradient',
      detail: `[${shape}]`,
      why,
      inputs: { m: { shape, ...rangeOf(shape) }, dy: { shape: shape.slice(0, 2) as Shape } },
      build: ({ m, dy }) => ops.batchSimilarityGradient({}, m, dy),
    }),
  ]),
  row({
    op: 'batchSimilarityGradient',
    detail: 'of images alike',
    why: 'a collapsed batch: where rows tie, neither pulls',
    inputs: {
      m: { shape: [3, 2, 2], values: [0.5, -1, 0.25, 2, 0.5, -1, 0.25, 2, 0.5, 0, 0.75, 2] },
      dy: { shape: [3, 2] },
    },
    build: ({ m, dy }) => ops.batchSimilarityGradient({}, m, dy),
    differentiable: [],
  }),
];
