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

/** What was measured of a run, in the order of steps, and the names of files that hold no evaluation. */
export async function readEvaluations(
  run: string,
): Promise<{ readonly evaluations: readonly Evaluation[]; readonly unreadable: readonly string[] }> {
  const names = await readdir(evaluationsFolder(run)).catch((): string[] => []);
  const evaluations: Evaluation[] = [];
  const unreadable: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    try {
      const value = parseJson(String(await readRegularFile(join(evaluationsFolder(run), name))));
      evaluations.push(schema.parse(value) as unknown as Evaluation);
    } catch {
      unreadable.push(name);
    }
  }
  return { evaluations: evaluations.sort((a, b) => a.step - b.step), unreadable };
}
