import type { ImageBatch } from '../data/index.ts';
import { type Autoencoder, isAutoencoder } from '../games/equilibrium.ts';
import { feed, type Graph, trace } from '../tensor/trace.ts';
import type { Checkpoint, TrainingSession } from '../train/index.ts';
import { restore } from '../train/persistence.ts';
import { RowProgram } from '../train/row_program.ts';
import { type Latent, rowsOf } from './vectors.ts';

/** Gives images the descriptors of a session's encoder, whose weights are read from the checkpoint at the first call; undefined if the
 *  discriminator is no autoencoder. */
export function encoderOf(
  session: TrainingSession,
  checkpoint: Checkpoint,
): ((images: ImageBatch) => Promise<Latent[]>) | undefined {
  const { discriminator } = session.model;
  if (!isAutoencoder(discriminator)) return undefined;
  const program = new RowProgram(session.device, (rows) => encoderProgram(discriminator, rows));
  let restored: Promise<void> | undefined;
  return async ({ data, shape: [count] }) => {
    // openSampler has restored no discriminator.
    restored ??= restore(session, checkpoint, ['discriminator']);
    await restored;
    return rowsOf(await program.run(count, { images: data }), count);
  };
}

const encoderProgram = (discriminator: Autoencoder, count: number): Graph =>
  trace('encoder', () => ({
    descriptors: discriminator.encode(feed('images', [count, ...discriminator.inputShape]), { training: false }),
  }));
