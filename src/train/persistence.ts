import type { HostArray } from '../device/index.ts';
import type { JsonValue } from '../durable.ts';
import { CheckpointError, DivergedError } from '../errors.ts';
import type { Recipe } from '../models/index.ts';
import type { SafetensorsFile, TensorSource } from '../safetensors/safetensors.ts';
import type { Variable } from '../tensor/variable.ts';
import { type Checkpoint, saveCheckpoint } from './checkpoint/checkpoint.ts';
import { variableGroups } from './model.ts';
import type { TrainingProgress } from './progress.ts';
import type { TrainingSession } from './session.ts';
import { describeMisfit } from './variables.ts';

/** Saves everything that going on needs. Returns the checkpoint's folder.
 *  @throws CheckpointError; DivergedError if a variable holds NaN or infinity, for nothing could go on from there */
export function save(session: TrainingSession, runFolder: string, progress: TrainingProgress): Promise<string> {
  const files = Object.fromEntries(
    Object.entries(variableGroups(session.model)).map(([file, variables]) => [
      file,
      variables.map(({ name, dtype, shape }, i): TensorSource => {
        const variable = variables[i] as (typeof variables)[number];
        return { name, dtype, shape, data: async () => expectFinite(variable, await session.read(variable)) };
      }),
    ]),
  );
  const state = progress as unknown as JsonValue;
  const { keepCheckpoints: keepLast, checkpointEvery: every } = session.model.config;
  return saveCheckpoint(runFolder, progress.step, { files, state }, { keepLast, every, best: progress.best?.step });
}

function expectFinite({ name }: Variable, values: HostArray): HostArray {
  // A finite sum has finite terms, and a sum is several times faster than a test of each.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  if (Number.isFinite(sum)) return values;
  throw new DivergedError('diverged', `${name} holds NaN or infinity`);
}

/** The files of a checkpoint that sampling needs. */
export const SAMPLING_PARTS = ['generator', 'average', 'state'];

/** Gives the session's variables the checkpoint's values, those of some files only if `parts` says so. @throws CheckpointError `checkpoint_mismatch` if it is another model's */
export async function restore(
  session: TrainingSession,
  checkpoint: Checkpoint,
  parts?: readonly string[],
): Promise<void> {
  for (const [part, variables] of Object.entries(variableGroups(session.model))) {
    if (parts && !parts.includes(part)) continue;
    const file = checkpoint.files.get(part);
    for (const variable of variables) {
      const stored = file?.tensors.get(variable.name);
      if (!stored && session.model.match.measurements?.includes(variable)) continue;
      const misfit = describeMisfit(file, variable);
      if (misfit) throw mismatch(checkpoint, session.model.recipe, misfit);
      await session.write(variable, await (file as SafetensorsFile).read(variable.name));
    }
  }
}

function mismatch({ folder }: Checkpoint, { name, sources }: Recipe, misfit: string): CheckpointError {
  const what = sources ? `recipe '${name}' as ${sources.file} has it` : "the run's config.json";
  return new CheckpointError('checkpoint_mismatch', `${folder} does not fit ${what}: ${misfit}`);
}
