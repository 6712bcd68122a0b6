import { join } from 'node:path';
import { replaceFile } from '../durable.ts';
import { CheckpointError } from '../errors.ts';
import { makeFolder } from '../files.ts';
import { packageVersion } from '../package.ts';
import { describeFailure } from '../storage.ts';
import type { Evaluation } from './evaluate.ts';

/** What an evaluation's files in a run's folder are called, without their endings: its step, features, count and seed. */
export function evaluationName({ step, features, count, seed }: Evaluation): string {
  const network = `${features.name.replaceAll(/[^\w.-]+/g, '-')}-${features.hash.slice(0, 8)}`;
  return `step-${String(step).padStart(6, '0')}-${network}-count-${count}-seed-${seed}`;
}

/** The folder of a run that its evaluations are written to. */
export const evaluationsFolder = (run: string): string => join(run, 'evaluations');

/** Writes an evaluation as a JSON object, as a whole. @throws CheckpointError evaluation_unwritable */
export async function writeEvaluation(path: string, evaluation: Evaluation): Promise<void> {
  const report = { format: 'gannet-evaluation', gannet: packageVersion(), ...evaluation };
  try {
    await makeFolder(join(path, '..'));
    await replaceFile(path, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (cause) {
    throw new CheckpointError(
      'evaluation_unwritable',
      `${path}: the evaluation cannot be written ${describeFailure(cause, 'choose another place with --out')}`,
      { cause },
    );
  }
}
