import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../durable.ts';
import { CheckpointError } from '../../errors.ts';
import { readRegularFile } from '../../files.ts';
import { storageError } from '../../storage.ts';
import { type Holder, runHolder, thisProcess } from './lock.ts';

const REQUESTS = ['stop', 'sample'] as const;

/** What another process may ask of the one that trains a run: to save and stop, or to draw samples now. */
export type RunRequest = (typeof REQUESTS)[number];

const requestPath = (runFolder: string, request: RunRequest): string => join(runFolder, `request-${request}.json`);

const textFor = (holder: Holder): string => `${JSON.stringify(holder)}\n`;

/** Asks something of the process that trains a run. The request names that process, so that no later one takes it for its own.
 *  @throws CheckpointError `run_not_running`; `not_writable`, `disk_full`, `storage_failed` */
export async function askRun(runFolder: string, request: RunRequest): Promise<void> {
  const holder = await runHolder(runFolder).catch(() => undefined);
  if (!holder)
    throw new CheckpointError(
      'run_not_running',
      `${runFolder} is not being trained, so that nothing can be asked of it. Go on with it by \`gannet resume\`.`,
    );
  const path = requestPath(runFolder, request);
  await replaceFile(path, textFor(holder)).catch((error: unknown) => {
    throw storageError(error, 'write', path);
  });
}

/** Two files are looked for at most this often, which costs a fast run nothing. */
const POLL_MS = 500;

/** The requests that this process finds in the folder of the run that it trains. */
export class RunRequests {
  private readonly runFolder: string;
  private readonly own: string;
  private lookedMs = Number.NEGATIVE_INFINITY;

  private constructor(runFolder: string, own: string) {
    this.runFolder = runFolder;
    this.own = own;
  }

  /** Those that an earlier process has left are taken away. */
  static async open(runFolder: string): Promise<RunRequests> {
    const requests = new RunRequests(runFolder, textFor(await thisProcess()));
    await requests.close();
    return requests;
  }

  /** What was asked since the last time. A request that names another process goes unheard. */
  async take(nowMs: number = performance.now()): Promise<RunRequest[]> {
    if (nowMs - this.lookedMs < POLL_MS) return [];
    this.lookedMs = nowMs;
    const taken = await Promise.all(REQUESTS.map((request) => this.takeOne(request)));
    return taken.flat();
  }

  private async takeOne(request: RunRequest): Promise<RunRequest[]> {
    const path = requestPath(this.runFolder, request);
    const text = await readRegularFile(path).catch(() => undefined);
    if (text === undefined) return [];
    await rm(path, { force: true }).catch(() => {});
    return String(text) === this.own ? [request] : [];
  }

  /** Takes away what was not heard. */
  async close(): Promise<void> {
    await Promise.all(
      REQUESTS.map((request) => rm(requestPath(this.runFolder, request), { force: true }).catch(() => {})),
    );
  }
}
