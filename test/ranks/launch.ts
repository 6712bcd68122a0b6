import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { kill } from 'node:process';
import { fileURLToPath } from 'node:url';
import { STARTER } from '../starter.ts';

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
  /** Rejects if it takes longer than it may, and is killed then. */
  readonly ended: Promise<Outcome>;
}

export interface LaunchOptions {
  /** Arguments of mpirun that start further ranks. */
  readonly beside?: readonly string[];
  /** Variables of its processes beside those of this one. */
  readonly environment?: NodeJS.ProcessEnv;
  /** How long a rank may be silent. */
  readonly patienceSeconds?: number;
  /** How long the command may take: several times as long as on two cores that have much else to do. */
  readonly longestSeconds?: number;
}

/** Starts a TypeScript file under mpirun, or by itself for one rank. */
export function launch(
  ranks: number,
  file: string,
  args: readonly string[],
  { beside = [], environment = {}, patienceSeconds = 30, longestSeconds = 120 }: LaunchOptions = {},
): Launched {
  const node = [process.execPath, '--import', STARTER, join(root, file), ...args];
  const command =
    ranks === 1 && beside.length === 0
      ? node
      : [...MPIRUN, '-n', String(ranks), ...node, ...(beside.length > 0 ? [':', ...beside] : [])];
  return start(command, { ...AS_ROOT, ...environment, GANNET_RANKS_PATIENCE: String(patienceSeconds) }, longestSeconds);
}

/** Starts a TypeScript file as rank `rank` of `ranks`, with the variables that torchrun sets. */
export function launchRank(
  { rank, ranks, port }: { readonly rank: number; readonly ranks: number; readonly port: number },
  file: string,
  args: readonly string[],
  { environment = {}, patienceSeconds = 30, longestSeconds = 120 }: Omit<LaunchOptions, 'beside'> = {},
): Launched {
  const torchrun = {
    RANK: String(rank),
    LOCAL_RANK: String(rank),
    WORLD_SIZE: String(ranks),
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: String(port),
    GANNET_RANKS_PATIENCE: String(patienceSeconds),
  };
  const command = [process.execPath, '--import', STARTER, join(root, file), ...args];
  return start(command, { ...torchrun, ...environment }, longestSeconds);
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function start(command: readonly string[], environment: NodeJS.ProcessEnv, longestSeconds: number): Launched {
  const [program, ...rest] = command;
  const child = spawn(program as string, rest, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const pid = child.pid as number;
  const output = () => stdout + stderr;
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    for (const each of [...ranksOf({ pid }), pid]) kill(each, 'SIGKILL');
  }, 1000 * longestSeconds);
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(limit);
    if (isLate) throw new Error(`${command.join(' ')} has not ended after ${longestSeconds} s, but said:\n${output()}`);
    return { code: code as number | null, stdout, stderr };
  });
  // A test that has failed already does not wait for it.
  ended.catch(() => {});
  return { pid, output, ended };
}

/** The process of each rank, in their order. */
export const ranksOf = ({ pid }: Pick<Launched, 'pid'>): number[] =>
  spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.trim() !== '')
    .map(Number)
    .sort((a, b) => a - b);

/** Ranks that are bound to no core wait less for whatever else the machine does. */
const MPIRUN = ['mpirun', '--oversubscribe', '--bind-to', 'none'];

/** Open MPI asks whether one really wants to be root, as one is in a container. */
const AS_ROOT = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

export const MAIN = 'src/cli/main.ts';
