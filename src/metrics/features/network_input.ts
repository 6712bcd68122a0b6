import type { ImageFormat, PackedImages } from '../../data/index.ts';
import { imageElements } from '../../data/pixels.ts';
import { colourPlanes, luminance, type Plane, planeOf } from '../planes.ts';
import { bicubicResizer } from '../resize.ts';

/** Images as a network takes them: float32 [N,H,W,C] from 0 to 255, brought to its size by antialiased bicubic interpolation, and to its
 *  channels: grey is repeated, colour becomes its luminance, what is transparent lies on white. */
export function networkInput(images: PackedImages, format: ImageFormat): Float32Array {
  const resize = bicubicResizer(images.size, format.size);
  const elements = imageElements(format);
  const input = new Float32Array(images.count * elements);
  for (let image = 0; image < images.count; image++) {
    for (const [channel, plane] of planesFor(images, image, format).entries()) {
      const { values } = resize(plane);
      for (let at = 0; at < values.length; at++) {
        // The cubic overshoots at edges.
        const value = Math.min(255, Math.max(0, values[at] as number));
        input[image * elements + at * format.channels + channel] = value;
      }
    }
  }
  return input;
}

/** As many planes of an image as the format has channels. */
function planesFor(images: PackedImages, image: number, { channels }: ImageFormat): Plane[] {
  if (channels === 4) return withOpacity(images, image);
  const planes = colourPlanes(images, image);
  if (planes.length === channels) return planes;
  return channels === 1 ? [luminance(planes)] : Array.from({ length: 3 }, () => planes[0] as Plane);
}

function withOpacity(images: PackedImages, image: number): Plane[] {
  if (images.channels === 4) return [0, 1, 2, 3].map((channel) => planeOf(images, image, channel));
  const colours = planesFor(images, image, { ...images, channels: 3 });
  const opaque = { ...(colours[0] as Plane), values: (colours[0] as Plane).values.map(() => 255) };
  return [...colours, opaque];
}
