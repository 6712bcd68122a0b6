import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { loadCheckpoint } from '../../src/train/index.ts';

const apart = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(a));

/** The largest difference of any variable in two runs' last checkpoints. */
export async function weightsApart(a: string, b: string, isCompared = (_name: string) => true): Promise<number> {
  const [one, other] = [await loadCheckpoint(a), await loadCheckpoint(b)];
  let largest = 0;
  for (const [part, file] of one.files) {
    for (const name of [...file.tensors.keys()].filter(isCompared)) {
      const [x, y] = [await file.read(name), (await other.files.get(part)?.read(name)) ?? []];
      assert.is(x.length, y.length, name);
      for (let i = 0; i < x.length; i++) largest = Math.max(largest, apart(x[i] as number, y[i] as number));
    }
  }
  return largest;
}

/** The largest difference of anything that two runs measured at the same steps. */
export function lossesApart(a: string, b: string, isCompared = (_name: string) => true): number {
  const [one = [], other = []] = [a, b].map((run) =>
    readFileSync(join(run, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: number; values: Record<string, number> }),
  );
  assert.is(other.length, one.length);
  const differences = one.flatMap(({ values }, i) =>
    Object.entries(values)
      .filter(([name]) => isCompared(name))
      .map(([name, value]) => apart(value, other[i]?.values[name] as number)),
  );
  assert.ok(differences.length >= one.length && one.length > 0);
  return Math.max(...differences);
}
