import { createHash } from 'node:crypto';
import type { ImageFormat, PackedImages } from '../../data/index.ts';
import { RandomSequence } from '../../data/random.ts';
import { addProduct } from '../../device/index.ts';
import { normalNumbers } from '../draw.ts';
import { planeOf } from '../planes.ts';
import { bicubicResizer } from '../resize.ts';
import type { FeatureExtractor } from './extractor.ts';

/** Larger images are made smaller: a covariance of 3,072 columns still fits in 76 MB. */
const LARGEST_SIDE = 32;

const hashOf = (description: string): string => createHash('sha256').update(description).digest('hex');

/** The pixels themselves, from 0 to 1, of images brought to at most 32 pixels a side: a floor for other features, since no network tells
 *  what matters in them. */
export function pixelFeatures({ size: [height, width], channels }: ImageFormat): FeatureExtractor {
  const factor = Math.min(1, LARGEST_SIDE / Math.max(height, width));
  const [toHeight, toWidth] = [height, width].map((side) => Math.max(1, Math.round(side * factor))) as [number, number];
  const resize = bicubicResizer([height, width], [toHeight, toWidth]);
  const columns = toHeight * toWidth * channels;
  return {
    name: 'pixels',
    hash: hashOf(`pixels ${toHeight} ${toWidth} ${channels}`),
    columns,
    async extract(images) {
      const features = new Float32Array(images.count * columns);
      for (let image = 0, at = 0; image < images.count; image++) {
        for (let channel = 0; channel < channels; channel++) {
          for (const value of resize(planeOf(images, image, channel)).values) features[at++] = value / 255;
        }
      }
      return { features };
    },
    close() {},
  };
}

/** Columns of projected pixels. */
const PROJECTIONS = 256;
/** Projections are always the same, so that figures compare. */
const PROJECTION_SEED = 2048;

/** The pixels of the images' own size, from -1 to 1, projected on 256 random directions: a floor that costs little. */
export function projectedPixels({ size, channels }: ImageFormat): FeatureExtractor {
  const width = size[0] * size[1] * channels;
  const directions = normalNumbers(PROJECTIONS * width, new RandomSequence(PROJECTION_SEED, 0, 0)).map(
    (value) => value / Math.sqrt(width),
  );
  return {
    name: 'projection',
    hash: hashOf(`projection ${PROJECTIONS} ${PROJECTION_SEED} ${size.join(' ')} ${channels}`),
    columns: PROJECTIONS,
    async extract({ count, pixels }: PackedImages) {
      const features = new Float64Array(count * PROJECTIONS);
      addProduct(
        features,
        Float64Array.from(pixels, (byte) => byte / 127.5 - 1),
        directions,
        width,
      );
      return { features: Float32Array.from(features) };
    },
    close() {},
  };
}
