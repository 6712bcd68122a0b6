import type { Channels, PackedImages } from '../../src/data/pixels.ts';
import { RandomSequence } from '../../src/data/random.ts';

/** Images of which each pixel is made by a function of (image, y, x, channel). */
export function images(
  count: number,
  [height, width]: readonly [number, number],
  channels: Channels,
  make: (image: number, y: number, x: number, channel: number) => number,
): PackedImages {
  const pixels = new Uint8Array(count * height * width * channels);
  for (let at = 0; at < pixels.length; at++) {
    const pixel = Math.floor(at / channels);
    const place = pixel % (height * width);
    pixels[at] = make(Math.floor(pixel / (height * width)), Math.floor(place / width), place % width, at % channels);
  }
  return { count, size: [height, width], channels, pixels };
}

/** Discs of random place, size and brightness on grey, as smooth as pictures of things are. */
export function discs(count: number, side: number, channels: Channels, seed: number): PackedImages {
  const all = Array.from({ length: count }, (_, image) => {
    const random = new RandomSequence(seed, 1, image);
    const [y, x, radius, level] = Array.from({ length: 4 }, () => random.next() / 2 ** 32) as [
      number,
      number,
      number,
      number,
    ];
    return { y: y * side, x: x * side, radius: (0.15 + 0.3 * radius) * side, level: 20 + 200 * level };
  });
  return images(count, [side, side], channels, (image, y, x, channel) => {
    const disc = all[image] as (typeof all)[number];
    const inside = Math.hypot(y - disc.y, x - disc.x) < disc.radius;
    return inside ? disc.level : 128 - 20 * channel;
  });
}

/** Noise of a deviation added to every pixel. */
export function noisy(clean: PackedImages, deviation: number, seed: number): PackedImages {
  const random = new RandomSequence(seed, 2, 0);
  const pixels = new Uint8ClampedArray(clean.pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    const uniform = random.next() / 2 ** 32 - 0.5;
    pixels[at] = (clean.pixels[at] as number) + uniform * deviation * Math.sqrt(12);
  }
  return { ...clean, pixels: new Uint8Array(pixels.buffer) };
}

/** The mean over a square of (2 reach + 1) pixels. */
export function blurred(sharp: PackedImages, reach: number): PackedImages {
  const { count, size, channels, pixels } = sharp;
  const [height, width] = size;
  return images(count, size, channels, (image, y, x, channel) => {
    let [sum, seen] = [0, 0];
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
      for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) {
        sum += pixels[((image * height + v) * width + u) * channels + channel] as number;
        seen++;
      }
    }
    return sum / seen;
  });
}
