import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, readRegularFile } from '../files.ts';
import type { Evaluation } from './evaluate.ts';
import { evaluationsFolder } from './report.ts';

const number = z.number();
const estimate = z.looseObject({ mean: number, deviation: number });
const pair = z.object({ generated: number, real: number });

// What of an evaluation is told in a table.
const schema = z.looseObject({
  step: number,
  data: z.string(),
  features: z.looseObject({ name: z.string(), hash: z.string() }),
  count: number,
  seed: number,
  figures: z.looseObject({
    frechet: number,
    kernel: estimate,
    precision: number,
    recall: number,
    density: number,
    coverage: number,
    nearestRatio: number,
    classifierScore: z.object({ generated: estimate, real: estimate }).optional(),
    classAccuracy: z.looseObject({ overall: number }).optional(),
    slicedWasserstein: z.array(z.looseObject({ side: number, distance: number })).optional(),
    similarity: pair.optional(),
  }),
  warnings: z.array(z.string()).default([]),
});

/** What was measured of a run at a step. Undefined for a file that is gone or is no evaluation. */
export async function readEvaluation(path: string): Promise<Evaluation | undefined> {
  try {
    return schema.parse(parseJson(String(await readRegularFile(path)))) as unknown as Evaluation;
  } catch {
    return undefined;
  }
}

/** What was measured of a run, in the order of steps, and the names of files that hold no evaluation. */
export async function readEvaluations(
  run: string,
): Promise<{ readonly evaluations: readonly Evaluation[]; readonly unreadable: readonly string[] }> {
  const names = await readdir(evaluationsFolder(run)).catch((): string[] => []);
  const evaluations: Evaluation[] = [];
  const unreadable: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const evaluation = await readEvaluation(join(evaluationsFolder(run), name));
    if (evaluation) evaluations.push(evaluation);
    else unreadable.push(name);
  }
  return { evaluations: evaluations.sort((a, b) => a.step - b.step), unreadable };
}
