import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Why no test can start several processes here; undefined if they can. Builds the library for MPI where MPI is installed. */
export function whyNoRanks(): string | undefined {
  if (spawnSync('mpirun', ['--version'], { stdio: 'ignore' }).status !== 0) return 'skipped: mpirun is not installed';
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build-mpi.mjs')], { encoding: 'utf8' });
  return built.status === 0 ? undefined : `skipped: ${built.stderr.trim()}`;
}

/** What became of a command. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Launched {
  readonly pid: number;
  /** What it has written to stdout and stderr so far. */
  readonly output: () => string;
  readonly ended: Promise<Outcome>;
}

const LONGEST_MS = 600_000;

export interface LaunchOptions {
  /** Arguments of mpirun that start further ranks. */
  readonly beside?: readonly string[];
  /** How long a rank may be silent. */
  readonly patienceSeconds?: number;
}

/** Starts a TypeScript file under mpirun, or by itself for one rank. */
export function launch(
  ranks: number,
  file: string,
  args: readonly string[],
  { beside = [], patienceSeconds = 30 }: LaunchOptions = {},
): Launched {
  const node = [process.execPath, '--import', 'tsx', join(root, file), ...args];
  const [command, ...rest] =
    ranks === 1 && beside.length === 0
      ? node
      : ['mpirun', '--oversubscribe', '-n', String(ranks), ...node, ...(beside.length > 0 ? [':', ...beside] : [])];
  const child = spawn(command as string, rest, {
    cwd: root,
    env: { ...process.env, ...AS_ROOT, GANNET_RANKS_PATIENCE: String(patienceSeconds) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { pid: child.pid as number, output: () => stdout + stderr, ended };
}

/** Open MPI asks whether one really wants to be root, as one is in a container. */
const AS_ROOT = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

export const MAIN = 'src/cli/main.ts';
