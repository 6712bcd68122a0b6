import { z } from 'zod';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { damaged, describeProblem, MANIFEST_FILE } from './checkpoint/manifest.ts';

const whole = z.number().int().min(0);

// What a checkpoint of version 0.1 lacks is optional.
const progressSchema = z.object({
  step: whole,
  imagesSeen: whole,
  /** Training time over all sittings. */
  elapsedMs: z.number().min(0),
  /** Where the stream of images stands; absent before the first batch. */
  data: z.object({ epoch: whole, index: whole, count: whole, fingerprint: z.string() }).optional(),
  /** How far the learning rates have decayed. */
  decay: z
    .object({
      scale: z.number().positive(),
      since: whole,
      best: z.number().optional(),
      smoothed: z.number().optional(),
    })
    .optional(),
  /** The signs that the health monitor has seen, and what it has told. */
  health: z
    .object({
      told: z.array(z.string()).readonly(),
      inARow: z.record(z.string(), whole),
      highest: z.record(z.string(), z.number()).optional(),
    })
    .optional(),
  /** The best checkpoint so far. */
  best: z.object({ step: whole, measure: z.number(), by: z.string().optional() }).optional(),
  /** The configuration that the last step was trained with. */
  config: z.record(z.string(), z.unknown()).optional(),
});

/** How far a run has come, beside what its variables hold: everything that decides how it goes on. */
export type TrainingProgress = Readonly<z.infer<typeof progressSchema>>;

/** Where every run begins. */
export const NO_PROGRESS: TrainingProgress = { step: 0, imagesSeen: 0, elapsedMs: 0 };

/** What a checkpoint says of the run's progress. @throws CheckpointError checkpoint_corrupt */
export function readProgress({ folder, step, state }: Checkpoint): TrainingProgress {
  const path = `${folder}/${MANIFEST_FILE}`;
  const result = progressSchema.safeParse(state);
  if (!result.success) throw damaged(path, describeProblem(result.error, ['state']));
  if (result.data.step !== step)
    throw damaged(path, `state.step is ${result.data.step}, but the checkpoint's is ${step}`);
  return result.data;
}
