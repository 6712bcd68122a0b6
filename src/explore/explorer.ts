import type { ImageBatch } from '../data/grid.ts';
import { composeImage, type Picture } from '../data/index.ts';
import {
  type LabelChoice,
  loadCheckpoint,
  openSampler,
  repeatedEach,
  type SamplerOptions,
  type TrainingSession,
} from '../train/index.ts';
import { type CaptionedGridOptions, composeCaptioned } from './captioned_grid.ts';
import { encoderOf } from './encoder.ts';
import type { LatentGrid } from './grids.ts';
import { type LatentSpace, openSpace } from './space.ts';
import type { Latent } from './vectors.ts';

/** A run's generator at a checkpoint, and the space of its latents. */
export interface Explorer {
  readonly session: TrainingSession;
  readonly space: LatentSpace;
  /** Of the checkpoint. */
  readonly step: number;
  /** A grid's images, row after row, without its empty places. @throws DeviceError, ConfigError labels_missing */
  generate(grid: LatentGrid, label?: LabelChoice): Promise<ImageBatch>;
  /** Generates a grid's images and lays them out with their captions. @throws DeviceError, ConfigError labels_missing */
  render(grid: LatentGrid, options?: RenderOptions): Promise<Picture>;
  /** The descriptors that the encoder of a BEGAN gives images; absent for runs without an encoder.
   *  @throws CheckpointError checkpoint_mismatch, DeviceError */
  readonly encode?: (images: ImageBatch) => Promise<Latent[]>;
  close(): void;
}

/** How a grid is generated and drawn. */
export interface RenderOptions extends CaptionedGridOptions {
  /** Of all its images; a conditional run needs one. */
  readonly label?: LabelChoice | undefined;
}

/** Opens a run to explore, at its newest checkpoint or that of `step`.
 *  @throws CheckpointError, ConfigError, DeviceError */
export async function openExplorer(folder: string, options: SamplerOptions = {}): Promise<Explorer> {
  const checkpoint = await loadCheckpoint(folder, options.step === undefined ? {} : { step: options.step });
  const { step } = checkpoint;
  // A run that goes on meanwhile may save another: both must be the same.
  const session = await openSampler(folder, { ...options, step });
  try {
    const space = await openSpace(session, checkpoint);
    const encode = encoderOf(session, checkpoint);
    return {
      session,
      space,
      step,
      generate: (grid, label) => generate(session, grid, label),
      render: (grid, how) => render(session, grid, how),
      ...(encode && { encode }),
      close: () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

function generate(session: TrainingSession, { rows }: LatentGrid, label?: LabelChoice): Promise<ImageBatch> {
  const latents = rows.flatMap(({ cells }) => cells.filter((cell) => cell !== undefined));
  const values = Float32Array.from(latents.flatMap((latent) => [...latent]));
  return session.sample(values, label && repeatedEach([label], latents.length));
}

async function render(
  session: TrainingSession,
  grid: LatentGrid,
  { label, ...options }: RenderOptions = {},
): Promise<Picture> {
  const images = await generate(session, grid, label);
  let next = 0;
  const rows = grid.rows.map(({ cells, ...captions }) => ({
    ...captions,
    pictures: cells.map((cell) => cell && composeImage(images, next++)),
  }));
  return composeCaptioned({ columns: grid.columns, rows }, options);
}
