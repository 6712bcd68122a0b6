import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result, Setting, Stage } from './part.ts';
import { type RunOptions, runPart } from './run_part.ts';

export interface StagesOptions {
  readonly device: Setting['device'];
  /** Where results go; a stage has a folder of its own there, emptied when it begins. */
  readonly out: string;
  /** For all stages together. */
  readonly minutes: number;
  /** Why the device is not here, where it is not: no stage that needs it runs then. */
  readonly missing?: string | undefined;
  /** Told of every part once it has ended. */
  readonly onResult?: (result: Result, all: readonly Result[]) => void;
  readonly running?: RunOptions['running'];
}

/** Runs stages one after another, each within its share of the time, which grows by what those before it left over. Whatever a part
 *  does, the others run. `out/results.json` has all results so far after every part. */
export async function runStages(stages: readonly Stage[], options: StagesOptions): Promise<readonly Result[]> {
  const { device, out, minutes, missing, onResult, running } = options;
  const end = performance.now() + 60_000 * minutes;
  const results: Result[] = [];
  const note = (result: Result) => {
    results.push(result);
    writeFileSync(join(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    onResult?.(result, results);
  };
  mkdirSync(out, { recursive: true });
  for (const [i, stage] of stages.entries()) {
    const folder = join(out, stage.name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const about = { stage: stage.name, seconds: 0, file: '' };
    if (missing !== undefined && !stage.withoutDevice) {
      note({ ...about, part: stage.title, outcome: 'not here', note: missing });
      continue;
    }
    const stageEnd = performance.now() + (end - performance.now()) * shareOf(stage, stages.slice(i));
    for (const part of stage.parts({ device, folder })) {
      const secondsLeft = (stageEnd - performance.now()) / 1000;
      const { file, ...result } = await runPart(part, { folder, secondsLeft, running });
      note({ stage: stage.name, part: part.name, ...result, file: file === '' ? '' : join(stage.name, file) });
    }
  }
  return results;
}

const shareOf = ({ weight }: Stage, waiting: readonly Stage[]): number =>
  weight / waiting.reduce((sum, stage) => sum + stage.weight, 0);
