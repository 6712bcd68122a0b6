import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DeviceError } from '../../errors.ts';
import type { Contestant } from '../turns.ts';
import type { Timed, Turn, WorkerTask } from './worker.ts';

/** How many processes share a step out, and how many threads each has. */
export interface Layout {
  readonly processes: number;
  readonly threads: number;
}

/** Processes that time training steps together, started once for many turns. */
export class Processes {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private stderr = '';

  /** @param layout more than one process needs mpirun */
  constructor({ processes, threads }: Layout, task: Omit<WorkerTask, 'threads'>) {
    const worker = [process.execPath, ...process.execArgv, workerModule(), JSON.stringify({ ...task, threads })];
    const [command, ...args] = processes === 1 ? worker : [...mpirun(processes), ...worker];
    this.child = spawn(command as string, args, { env: { ...process.env, ...AS_ROOT } });
    this.child.stderr.on('data', (text: Buffer) => {
      this.stderr += text;
    });
    this.child.on('error', ({ message }) => {
      this.stderr += message;
    });
    // Processes that are gone show as the end of their answers.
    this.child.stdin.on('error', () => {});
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Steps with so many images, of all processes together. @throws DeviceError bench_ranks_failed */
  stepsOf(batch: number): Contestant {
    return { measure: (runs) => this.measure({ batch, runs }) };
  }

  private async measure(turn: Turn): Promise<number> {
    this.child.stdin.write(`${JSON.stringify(turn)}\n`);
    const { value, done } = await this.lines.next();
    if (!done) return (JSON.parse(value) as Timed).ms;
    throw new DeviceError(
      'bench_ranks_failed',
      `the processes that were to be timed ended early:\n${this.stderr.trim()}`,
    );
  }

  close(): void {
    this.child.stdin.end();
  }
}

/** Threads choose their cores, as those of one process do. */
const mpirun = (processes: number): string[] => [
  'mpirun',
  ...['--oversubscribe', '--bind-to', 'none', '-n', String(processes)],
];

/** Open MPI asks whether one really wants to be root, as one is in a container. */
const AS_ROOT = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

/** @throws DeviceError mpirun_missing */
export function expectMpirun(): void {
  if (spawnSync('mpirun', ['--version'], { stdio: 'ignore' }).status === 0) return;
  throw new DeviceError(
    'mpirun_missing',
    'mpirun was not found, which starts several processes. On Debian and Ubuntu: `apt-get install openmpi-bin libopenmpi-dev`, then `npx gannet build --mpi`',
  );
}

/** The worker's file lies beside this one, compiled or not. */
function workerModule(): string {
  const extension = extname(fileURLToPath(import.meta.url));
  return fileURLToPath(new URL(`./worker${extension}`, import.meta.url));
}
