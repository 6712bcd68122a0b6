import { parseArgs } from 'node:util';
import { type Config, type ConfigChanges, mergeChanges } from '../../src/config/index.ts';
import { openDevice, type Precision } from '../../src/device/index.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import { createModel, TrainingSession } from '../../src/train/index.ts';

/** The device that a program of the kit is told to use. */
export type KernelDevice = 'cuda' | 'simt';

/** Reads `--device` and the options of a program. */
export function readOptions<Flag extends string>(
  ...flags: readonly Flag[]
): { device: KernelDevice } & Record<Flag, boolean> {
  const named = Object.fromEntries(flags.map((flag) => [flag, { type: 'boolean' as const, default: false }]));
  const { values } = parseArgs({ options: { device: { type: 'string', default: 'cuda' }, ...named } });
  return values as { device: KernelDevice } & Record<Flag, boolean>;
}

/** A configuration at its published size; so small that the simulator takes seconds there. */
export function configOn(device: KernelDevice, changes: ConfigChanges): Config {
  const small = { size: 16, batch: 2, latent: { size: 4 }, model: { width: 4 } };
  return resolveChanges(device === 'simt' ? mergeChanges(changes, small) : changes);
}

/** A training session with its first weights, on a device of its own. */
export async function openSession(kind: KernelDevice, config: Config, precision: Precision): Promise<TrainingSession> {
  const session = await TrainingSession.open(createModel(config), openDevice(kind, { precision }));
  await session.initialize();
  return session;
}

/** The images of a step: numbers from -1 to 1 that are the same in every run. */
export function imagesFor(session: TrainingSession, step: number): { readonly images: Float32Array }[] {
  const { batch } = session.model.config;
  const size = batch * elements(session.model.discriminator.inputShape);
  return Array.from({ length: session.batchesIn(step) }, (_, i) => ({
    images: Float32Array.from({ length: size }, (_, at) => Math.sin(0.37 * at + step + i)),
  }));
}
