import { conditionedOn, isConditional } from '../config/conditioning.ts';
import type { Channels, ImageBatch, PackedImages } from '../data/index.ts';
import { unitToBytes } from '../data/pixels.ts';
import { elements } from '../tensor/shape.ts';
import { labelsInTurn, repeatedEach } from './by_label.ts';
import type { TrainingSession } from './session.ts';

/** Images that are held at a time. */
const PART = 64;

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
  for await (const { data, shape } of sampleInParts(session, latents, labels)) {
    const [images, height, across, channels] = shape;
    yield { count: images, size: [height, across], channels: channels as Channels, pixels: unitToBytes(data) };
  }
}

/** The images of latents [count, latent] at the device's full rate, a part at a time, so that any number of them takes little memory.
 *  @param labels [count, labels] of the images of a conditional run */
export async function* sampleInParts(
  session: TrainingSession,
  latents: Float32Array,
  labels?: Float32Array,
): AsyncGenerator<ImageBatch> {
  const count = latents.length / elements(session.model.generator.inputShape);
  for (let first = 0; first < count; first += PART)
    yield session.sampleMany(rowsOf(latents, count, first), labels && rowsOf(labels, count, first));
}

/** The rows of a part among `count`. */
function rowsOf(values: Float32Array, count: number, first: number): Float32Array {
  const width = values.length / count;
  return values.subarray(first * width, (first + PART) * width);
}

function vectorsInTurn({ model: { config } }: TrainingSession, count: number): Float32Array | undefined {
  return isConditional(config) ? repeatedEach(labelsInTurn(conditionedOn(config), count), 1) : undefined;
}
