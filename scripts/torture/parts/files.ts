import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Message } from '../files/child.ts';
import type { PartOptions, Report } from '../part.ts';

/** Damages files of every kind that gannet reads, and runs the commands that read them: each must do without the file, or end
 *  with an error of its own. */
export const name = 'files';

const CHILD = fileURLToPath(new URL('../files/child.ts', import.meta.url));

/** A case that takes longer hangs, even on a machine with much else to do. */
const MOST_SECONDS = 300;

export async function run({ seconds, seed, report }: PartOptions): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (let next = 0; performance.now() < end; ) next = await runCases({ seed, first: next, end, report });
}

interface Stretch {
  readonly seed: number;
  /** The first case. */
  readonly first: number;
  /** When to stop, in milliseconds. */
  readonly end: number;
  readonly report: Report;
}

/** Runs cases in one child until the time is over or the child ends. Answers the case to go on with. */
function runCases({ seed, first, end, report }: Stretch): Promise<number> {
  const child = fork(CHILD, [String(seed), String(first)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let current: { index: number; target: string } | undefined;
  let root: string | undefined;
  let errors = '';
  let isOver = false;
  child.stderr?.on('data', (text) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  const repeat = () => `node --import tsx scripts/torture/files/child.ts ${seed} ${current?.index} ${current?.index}`;
  const finish = () => {
    isOver = true;
    child.disconnect();
  };
  const overdue = watch(child, () => report.found(`case ${current?.index} (${current?.target}) hangs; ${repeat()}`));
  const timer = setTimeout(finish, Math.max(0, end - performance.now()));
  child.on('message', (message: Message) => {
    overdue.restart();
    if (message.type === 'found') return report.found(`${message.what}\n    ${repeat()}`);
    if (message.type === 'start') {
      root = message.root;
      return;
    }
    current = message;
    report.count('damaged files');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      overdue.stop();
      if (root !== undefined) rmSync(root, { recursive: true, force: true });
      if (!current && !isOver) return reject(new Error(`the child ended with ${signal ?? code}: ${errors}`));
      if (!isOver && !overdue.hasKilled()) {
        report.found(
          `case ${current?.index} (${current?.target}) ends the process by ${signal ?? code}; ${repeat()}\n${errors}`,
        );
      }
      resolve((current?.index ?? first) + 1);
    });
  });
}

/** Ends a child that tells nothing for too long. */
function watch(child: ChildProcess, tell: () => void) {
  let killed = false;
  const start = () =>
    setTimeout(() => {
      killed = true;
      tell();
      child.kill('SIGKILL');
    }, MOST_SECONDS * 1000);
  let timer = start();
  return {
    restart(): void {
      clearTimeout(timer);
      timer = start();
    },
    stop: (): void => clearTimeout(timer),
    hasKilled: (): boolean => killed,
  };
}
