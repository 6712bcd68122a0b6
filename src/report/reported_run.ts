import { basename, resolve } from 'node:path';
import type { StartingWeights } from '../train/index.ts';
import { type Run, readRunFolder } from '../train/run/folder.ts';
import type { RunDetail, RunSummary } from '../watch/protocol.ts';
import type { Columns } from '../watch/runs/columns.ts';
import { WatchedRun } from '../watch/runs/watched_run.ts';

/** All that a report tells of a run, as its folder has it now. */
export interface ReportedRun {
  /** What tables and legends call it. */
  readonly name: string;
  readonly folder: string;
  readonly summary: RunSummary;
  readonly detail: RunDetail;
  readonly columns: Columns;
  /** Text by the keys of environment.json, as far as it has them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly sittings: NonNullable<Run['environment']>['sittings'];
  /** Words of the command line that started it; none if it is not known. */
  readonly argv: readonly string[];
  readonly weights?: StartingWeights | undefined;
}

/** Reads runs, each under the name of its folder; where two have the same name they are numbered.
 *  @throws CheckpointError run_missing, run_corrupt, storage_failed */
export async function readReportedRuns(folders: readonly string[]): Promise<ReportedRun[]> {
  const names = folders.map((folder) => basename(resolve(folder)));
  const isUnique = new Set(names).size === names.length;
  const runs: ReportedRun[] = [];
  for (const [i, folder] of folders.entries())
    runs.push(await readReportedRun(folder, isUnique ? (names[i] as string) : `${i + 1}: ${names[i]}`));
  return runs;
}

async function readReportedRun(folder: string, name: string): Promise<ReportedRun> {
  const { environment } = await readRunFolder(folder);
  const watched = new WatchedRun(folder, '.');
  const columns = await watched.readMetrics();
  const [summary, detail] = [await watched.summarize(), await watched.describe(columns)];
  return {
    name,
    folder: resolve(folder),
    summary,
    detail,
    columns,
    environment: textsOf(environment ?? {}),
    sittings: environment?.sittings ?? [],
    argv: wordsOf(environment?.argv),
    weights: environment?.weights,
  };
}

const textsOf = (values: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[key, String(value)]] : [],
    ),
  );

// The file's text is not checked before: the folder may come from anywhere.
const wordsOf = (argv: unknown): string[] =>
  Array.isArray(argv) && argv.every((word) => typeof word === 'string') ? argv : [];
