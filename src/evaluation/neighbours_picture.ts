import type { Dataset, PackedImages, Picture } from '../data/index.ts';
import { imageElements, unitToBytes } from '../data/pixels.ts';
import { composeCaptioned } from '../explore/index.ts';
import type { Nearest } from '../metrics/neighbours.ts';

/** What the picture is made of. */
export interface NeighbourSource {
  /** The first generated images. */
  readonly generated: PackedImages;
  readonly dataset: Dataset;
  /** Indices of the real images in the data set. */
  readonly indices: Uint32Array;
  /** The real images, by their place in `indices`, that are nearest to each generated one. */
  readonly nearestReal: Nearest;
}

/** Rows of either kind. */
const ROWS = 5;

/** Generated images on the left, and beside each the real ones that are nearest to it, the nearest first. The upper rows have the
 *  generated images that are nearest to a real one among those kept, the lower ones the first of the seed. */
export async function neighboursPicture(source: NeighbourSource): Promise<Picture> {
  const { generated, nearestReal } = source;
  const distance = (row: number) => Math.sqrt(nearestReal.squares[row * nearestReal.count] as number);
  const all = Array.from({ length: generated.count }, (_, row) => row);
  const closest = all.toSorted((a, b) => distance(a) - distance(b)).slice(0, ROWS);
  const row = async (index: number, kind: string) => ({
    caption: `${kind} ${index} at ${distance(index).toPrecision(3)}`,
    pictures: [pictureOf(generated, index), ...(await realPictures(source, index))],
  });
  return composeCaptioned({
    columns: ['generated', ...Array.from({ length: nearestReal.count }, (_, i) => `real ${i + 1}`)],
    rows: await Promise.all([
      ...closest.map((index) => row(index, 'closest')),
      ...all.slice(0, ROWS).map((index) => row(index, 'image')),
    ]),
  });
}

function pictureOf(images: PackedImages, index: number): Picture {
  const elements = imageElements(images);
  const [height, width] = images.size;
  const pixels = images.pixels.slice(index * elements, (index + 1) * elements);
  return { height, width, channels: images.channels, pixels };
}

function realPictures({ dataset, indices, nearestReal: { indices: nearest, count } }: NeighbourSource, row: number) {
  const places = nearest.subarray(row * count, (row + 1) * count);
  return Promise.all(Array.from(places, (place) => realPicture(dataset, indices[place] as number)));
}

async function realPicture(dataset: Dataset, index: number): Promise<Picture> {
  const values = new Float32Array(imageElements(dataset));
  await dataset.read(index, values, 0);
  const [height, width] = dataset.size;
  return { height, width, channels: dataset.channels, pixels: unitToBytes(values) };
}
