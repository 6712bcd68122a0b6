// A lock that processes of one checkout take in turn. The file names the holder and the child process that works for it, each with
// its start time, because an id alone may be another process's by now.
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const LOOK_AGAIN_MS = 200;

/** Waits until no living process holds the lock, then takes it. `waiting(pid)` is told once of the process that is waited for.
 *  Returns the lock, and in `orphan` the worker of a dead holder if it still runs. */
export async function acquireLock(file, waiting = () => {}) {
  mkdirSync(dirname(file), { recursive: true });
  let orphan;
  for (let told = false; !create(file, { holder: identify(process.pid) }); ) {
    const record = read(file);
    if (record === undefined) continue;
    const { holder, worker } = JSON.parse(record);
    if (isAlive(holder)) {
      if (!told) waiting(holder.pid);
      told = true;
      await setTimeout(LOOK_AGAIN_MS);
    } else if (discard(file, record)) {
      orphan = worker && (isAlive(worker) || hasSurvivors(worker)) ? worker : undefined;
    }
  }
  return {
    orphan,
    /** Names the child that works from now on. */
    employ(pid) {
      const next = aside(file);
      writeFileSync(next, JSON.stringify({ holder: identify(process.pid), worker: identify(pid) }));
      renameSync(next, file);
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** Resolves once a process has ended. */
export async function ended(worker) {
  while (isAlive(worker)) await setTimeout(LOOK_AGAIN_MS);
}

/** Whether that very process still runs. A zombie does not. */
function isAlive({ pid, started }) {
  if (!exists(pid)) return false;
  const now = processStatus(pid);
  return now === undefined || (now.started === started && !['Z', 'X'].includes(now.state));
}

/** Whether children of a process that has ended still run in the process group that it led. */
function hasSurvivors({ pid }) {
  return !exists(pid) && exists(-pid);
}

/** Whether there is a process of that id, or with -id a process group. */
export function exists(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const identify = (pid) => ({ pid, started: processStatus(pid)?.started });

/** State and start time (in clock ticks since boot) of a process, where the system has /proc. */
function processStatus(pid) {
  const status = read(`/proc/${pid}/stat`);
  if (status === undefined) return undefined;
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], started: fields[19] };
}

const aside = (file) => `${file}.${process.pid}`;

/** Makes the file with its whole content at once. Returns false if there is one already. */
function create(file, content) {
  const next = aside(file);
  writeFileSync(next, JSON.stringify(content));
  try {
    linkSync(next, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(next);
  }
}

/** Removes the lock of a dead process; returns whether this process has. One process at a time may remove this very lock, and looks
 *  again first: another may have removed it and made its own since. */
function discard(file, record) {
  const guard = `${file}.${createHash('sha256').update(record).digest('hex')}`;
  if (!create(guard, { holder: identify(process.pid) })) {
    const { holder } = JSON.parse(read(guard) ?? '{}');
    if (holder && !isAlive(holder)) rmSync(guard, { force: true });
    return false;
  }
  const unchanged = read(file) === record;
  if (unchanged) rmSync(file, { force: true });
  rmSync(guard, { force: true });
  return unchanged;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return undefined;
  }
}
