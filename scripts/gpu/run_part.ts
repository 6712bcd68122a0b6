import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Outcome, Part, Result } from './part.ts';

/** Exit code of gannet where a device is not there. */
const NO_DEVICE = 3;
/** Between asking a program to end and ending it. */
const GRACE_MS = 3000;

/** Runs one part to its end or its limit; what it prints goes into files of `folder` as it is printed. Never throws for what the part
 *  does. @param secondsLeft of its stage */
export async function runPart(
  part: Part,
  { folder, secondsLeft, running }: RunOptions,
): Promise<Omit<Result, 'stage' | 'part'>> {
  const nothing = { seconds: 0, file: '' };
  if (secondsLeft < 1) return { ...nothing, outcome: 'no time', note: 'the time of the stage was over' };
  const started = performance.now();
  const command = part.command();
  if ('missing' in command) return { ...nothing, outcome: 'not here', note: command.missing };
  const file = `${fileNameOf(part.name)}.${part.extension ?? 'txt'}`;
  const end = await runToEnd(command, part, {
    output: join(folder, file),
    errors: join(folder, `${fileNameOf(part.name)}.log`),
    limitMs: 1000 * Math.min(part.limitS, secondsLeft),
    running,
  });
  const { outcome, problem } = await finish(part, end);
  const note = problem ?? noteOf(part, join(folder, file));
  return { outcome, note, seconds: (performance.now() - started) / 1000, file };
}

export interface RunOptions {
  readonly folder: string;
  readonly secondsLeft: number;
  /** Told of the process that runs, and of its end. */
  readonly running?: ((child: ChildProcess | undefined) => void) | undefined;
}

/** `every launch waited for, tf32` -> `every-launch-waited-for-tf32` */
export const fileNameOf = (name: string): string => name.replaceAll(/[^\w.]+/g, '-');

interface End {
  readonly outcome: Outcome;
  readonly problem?: string;
}

interface Files {
  readonly output: string;
  readonly errors: string;
  readonly limitMs: number;
  readonly running?: ((child: ChildProcess | undefined) => void) | undefined;
}

/** A process group of its own, so that a limit ends whatever the program has started too. */
function runToEnd(command: Command, part: Part, { output, errors, limitMs, running }: Files): Promise<End> {
  const [program, ...args] = command;
  const files = [openSync(output, 'w'), openSync(errors, 'w')];
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      detached: true,
      env: { ...process.env, ...part.environment },
      stdio: ['ignore', ...files],
    });
    for (const file of files) closeSync(file);
    running?.(child);
    let stopped = false;
    const timers = [limitMs, limitMs + GRACE_MS].map((ms, i) =>
      setTimeout(() => {
        stopped = true;
        endGroup(child, i === 0 ? 'SIGTERM' : 'SIGKILL');
      }, ms),
    );
    const settle = (end: End) => {
      for (const timer of timers) clearTimeout(timer);
      running?.(undefined);
      if (statSync(errors).size === 0) rmSync(errors);
      resolve(stopped ? { outcome: 'stopped', problem: `stopped after ${Math.round(limitMs / 1000)} s` } : end);
    };
    // A program that cannot be started is told of by both events.
    let problem: string | undefined;
    child.on('error', ({ message }) => {
      problem = message;
    });
    child.on('close', (code, signal) => {
      endGroup(child, 'SIGKILL');
      settle(problem === undefined ? endOf(code, signal, errors) : { outcome: 'failed', problem });
    });
  });
}

/** Ends a process and whatever it has started. */
export function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of the group has ended already.
  }
}

function endOf(code: number | null, signal: string | null, errors: string): End {
  if (code === 0) return { outcome: 'ok' };
  const reason = signal === null ? `exit code ${code}` : `ended by ${signal}`;
  const said = lastLine(readFileSync(errors, 'utf8'));
  return { outcome: code === NO_DEVICE ? 'not here' : 'failed', problem: said === '' ? reason : `${reason}: ${said}` };
}

async function finish(part: Part, end: End): Promise<End> {
  try {
    await part.after?.();
    return end;
  } catch (error) {
    return end.outcome === 'ok' ? { outcome: 'failed', problem: (error as Error).message } : end;
  }
}

function noteOf({ note }: Part, file: string): string {
  try {
    return note?.(readFileSync(file, 'utf8')) ?? '';
  } catch (error) {
    return `its output cannot be read: ${(error as Error).message}`;
  }
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)?.trim() ?? '';
