import { composeImage, type ImageBatch, type Picture } from '../data/index.ts';
import { type CaptionedGridOptions, composeCaptioned, type LatentGrid } from '../explore/index.ts';
import type { Projection } from './project.ts';

/** A strip: the image, then what was found for it from the start to the result, with steps above and distances below.
 *  @param index of the image in the batch @throws ConfigError picture_too_large */
export const projectionStrip = (
  { way, label }: Projection,
  images: ImageBatch,
  index: number,
  options?: CaptionedGridOptions,
): Promise<Picture> =>
  composeCaptioned(
    {
      columns: ['image', ...way.map(({ step }) => (step === 0 ? 'start' : `step ${step}`))],
      rows: [
        {
          caption: label ?? '',
          pictures: [composeImage(images, index), ...way.map(({ picture }) => picture)],
          captions: ['', ...way.map(({ distance }) => distance.toFixed(1))],
        },
      ],
    },
    options,
  );

/** The latents of images as a grid, one in a row, with the image's name before it and the distance below. */
export const projectionGrid = (projections: readonly Projection[], names: readonly string[]): LatentGrid => ({
  columns: ['result'],
  rows: projections.map(({ latent, label, distance }, i) => ({
    caption: label === undefined ? (names[i] as string) : `${names[i]}: ${label}`,
    cells: [latent],
    captions: [distance.toFixed(1)],
  })),
});
