import { conditionedOn, isConditional } from '../config/conditioning.ts';
import type { Channels, PackedImages } from '../data/index.ts';
import { unitToBytes } from '../data/pixels.ts';
import { labelsInTurn, repeatedEach } from './by_label.ts';
import type { TrainingSession } from './session.ts';

/** Images that are drawn at once. */
const BATCH = 64;

/** Which images are drawn. */
export interface GeneratedOptions {
  readonly count: number;
  readonly seed: number;
  /** Of the images of a conditional run, [count, labels]; each label in turn if not given. */
  readonly labels?: Float32Array | undefined;
}

/** Images of a seed that a run's generator draws, in batches, from the latents that `gannet sample` draws. */
export async function* generatedImages(
  session: TrainingSession,
  { count, seed, labels = vectorsInTurn(session, count) }: GeneratedOptions,
): AsyncGenerator<PackedImages> {
  const latents = await session.drawLatents(count, seed);
  for (let first = 0; first < count; first += BATCH) {
    const { data, shape } = await session.sample(rowsOf(latents, count, first), labels && rowsOf(labels, count, first));
    const [images, height, across, channels] = shape;
    yield { count: images, size: [height, across], channels: channels as Channels, pixels: unitToBytes(data) };
  }
}

/** The rows of a batch among `count`. */
function rowsOf(values: Float32Array, count: number, first: number): Float32Array {
  const width = values.length / count;
  return values.subarray(first * width, (first + BATCH) * width);
}

function vectorsInTurn({ model: { config } }: TrainingSession, count: number): Float32Array | undefined {
  return isConditional(config) ? repeatedEach(labelsInTurn(conditionedOn(config), count), 1) : undefined;
}
