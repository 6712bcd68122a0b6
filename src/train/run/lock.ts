import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { CheckpointError } from '../../errors.ts';
import { readRegularFile } from '../../files.ts';
import { errno, storageError } from '../../storage.ts';

/** A run's folder that only this process writes to. */
export interface RunLock {
  /** Lets others write again. */
  release(): Promise<void>;
}

const LOCK_FILE = 'lock.json';

const holderSchema = z.object({ pid: z.number().int(), host: z.string(), startedAt: z.string().nullable() });

/** A process; `startedAt` tells it from a later one of the same number, where the system says so. */
export type Holder = z.infer<typeof holderSchema>;

// The age of a lock from another machine, whose processes cannot be looked at, tells whether its holder lives.
const RENEWAL_MS = 15_000;
const SILENCE_MS = 120_000;

const GUARD_PAUSE_MS = 10;

/** A process that was killed a moment ago may still end for so long: a launcher of several processes does not always wait for them. */
const ENDING_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/** Makes this process the only one that writes to a run, until released. The lock of a process that was killed is taken over: on
 *  this machine once it has ended, for which two seconds are given, on another when the lock has not been renewed for two minutes.
 *  @throws CheckpointError `run_locked` that names the holder; `not_writable`, `disk_full`, `storage_failed` */
export async function lockRun(runFolder: string): Promise<RunLock> {
  const path = join(runFolder, LOCK_FILE);
  const own = JSON.stringify(await thisProcess());
  const prepared = `${path}.${randomUUID()}`;
  try {
    await writeFile(prepared, `${own}\n`);
    while (!(await claimed(prepared, path, own))) await removeStale(runFolder, path, prepared, own);
  } catch (error) {
    throw storageError(error, 'lock', runFolder);
  } finally {
    await discard(prepared);
  }
  return keep(path, own);
}

/** The living process that trains a run; undefined where none does. @throws the file system's own error */
export async function runHolder(runFolder: string): Promise<Holder | undefined> {
  const path = join(runFolder, LOCK_FILE);
  const content = await contentOf(path);
  const holder = content === undefined ? undefined : parseHolder(content);
  return holder && (await isAlive(holder, path)) ? holder : undefined;
}

/** How this process is called in a lock. */
export const thisProcess = async (): Promise<Holder> => ({
  pid: process.pid,
  host: hostname(),
  startedAt: (await statusOf(process.pid))?.startedAt ?? null,
});

/** Renews the lock until it is released. */
function keep(path: string, own: string): RunLock {
  const renew = () => utimes(path, new Date(), new Date()).catch(() => {});
  const renewal = setInterval(renew, RENEWAL_MS).unref();
  return {
    async release() {
      clearInterval(renewal);
      // Somebody may have removed it by hand, and another process taken the run.
      const content = await contentOf(path).catch(() => undefined);
      if (content?.trimEnd() === own) await discard(path);
    },
  };
}

/** Removes a file if that can be done. A lock that stays is taken over once this process has ended. */
const discard = (path: string): Promise<void> => rm(path, { force: true }).catch(() => {});

/** Makes the lock unless there is one. A link brings it with its content; on a file system without links it is empty for a moment. */
async function claimed(prepared: string, path: string, own: string): Promise<boolean> {
  try {
    await link(prepared, path).catch((error: unknown) => {
      if (errno(error) === 'EEXIST') throw error;
      return writeFile(path, `${own}\n`, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock that nobody holds any more. @throws CheckpointError run_locked if somebody does */
async function removeStale(runFolder: string, path: string, prepared: string, own: string): Promise<void> {
  const content = await contentOf(path);
  if (content === undefined) return;
  const holder = parseHolder(content);
  if (holder && (await staysAlive(holder, path, prepared))) throw locked(runFolder, holder, path);
  // One process at a time may remove this very lock, and looks again first: another may have removed it and made its own since.
  const guard = `${path}.${createHash('sha256').update(content).digest('hex')}`;
  if (await claimed(prepared, guard, own)) {
    if ((await contentOf(path)) === content) await rm(path, { force: true });
    await rm(guard, { force: true });
  } else await removeGuardOfDead(guard, prepared);
}

/** The guard of a process that was killed while it removed a lock goes; that of a living one is gone in a moment. */
async function removeGuardOfDead(guard: string, prepared: string): Promise<void> {
  const content = await contentOf(guard);
  const holder = content === undefined ? undefined : parseHolder(content);
  if (holder && !(await isAlive(holder, guard, prepared))) await rm(guard, { force: true });
  else await setTimeout(GUARD_PAUSE_MS);
}

/** Whether a holder lives, and does not end within ENDING_MS where this machine can look at it. */
async function staysAlive(holder: Holder, path: string, prepared: string): Promise<boolean> {
  const mayEnd = holder.host === hostname() && holder.pid !== process.pid;
  const until = performance.now() + (mayEnd ? ENDING_MS : 0);
  while (await isAlive(holder, path, prepared)) {
    if (performance.now() >= until) return true;
    await setTimeout(LOOK_AGAIN_MS);
  }
  return false;
}

/** @param prepared a file that was just written beside the lock, whose time is that of the file system's own clock; without it this
 *  machine's clock has to do */
async function isAlive({ pid, host, startedAt }: Holder, path: string, prepared?: string): Promise<boolean> {
  if (host === hostname()) {
    if (!processExists(pid)) return false;
    const status = await statusOf(pid);
    return !hasEnded(status) && (startedAt === null || status?.startedAt === startedAt);
  }
  const [lock, now] = await Promise.all([
    stat(path),
    prepared === undefined ? { mtimeMs: Date.now() } : stat(prepared),
  ]);
  return now.mtimeMs - lock.mtimeMs < SILENCE_MS;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface ProcessStatus {
  readonly state: string;
  /** When it began, in ticks of a clock. */
  readonly startedAt: string;
}

/** What Linux tells of a process; undefined elsewhere. */
async function statusOf(pid: number): Promise<ProcessStatus | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold spaces.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const [state, startedAt] = [fields[0], fields[19]];
    return state && startedAt ? { state, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** A zombie has ended, but its parent has not asked how: in a container without an init process, none may ever do so. */
const hasEnded = (status: ProcessStatus | undefined): boolean => status?.state === 'Z' || status?.state === 'X';

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return String(await readRegularFile(path));
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined for what is no lock, such as an empty file that a loss of power left. */
function parseHolder(content: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}

const locked = (runFolder: string, { pid, host }: Holder, path: string): CheckpointError =>
  new CheckpointError(
    'run_locked',
    `${runFolder} is being trained by process ${pid} on ${host}. Wait for it, or stop it, before going on; if it does not run any more, remove ${path}.`,
  );
