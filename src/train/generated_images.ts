import type { Channels, PackedImages } from '../data/index.ts';
import { unitToBytes } from '../data/pixels.ts';
import type { TrainingSession } from './session.ts';

/** Images that are drawn at once. */
const BATCH = 64;

/** Images of a seed that a run's generator draws, in batches: the same as `gannet sample` draws. */
export async function* generatedImages(
  session: TrainingSession,
  { count, seed }: { readonly count: number; readonly seed: number },
): AsyncGenerator<PackedImages> {
  const latents = await session.drawLatents(count, seed);
  const width = latents.length / count;
  for (let first = 0; first < count; first += BATCH) {
    const { data, shape } = await session.sample(latents.subarray(first * width, (first + BATCH) * width));
    const [images, height, across, channels] = shape;
    yield { count: images, size: [height, across], channels: channels as Channels, pixels: unitToBytes(data) };
  }
}
