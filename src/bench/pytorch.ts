import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DeviceError } from '../errors.ts';
import { PACKAGE_ROOT } from '../package.ts';
import type { OpenContestant } from './turns.ts';
import type { PytorchTask } from './workload.ts';

/** Debian installs torch for its own interpreter, which need not be the first in the path. */
const INTERPRETERS = ['/usr/bin/python3', 'python3'];
/** Fails without torch; importing it would take seconds. */
const FINDS_TORCH = 'from importlib.util import find_spec; assert find_spec("torch")';
/** Comes with a checkout of the sources. */
const WORKER = join(PACKAGE_ROOT, 'scripts/bench/worker.py');
/** How images may lie in memory; the faster counts. */
const FORMATS = ['contiguous', 'channelsLast'] as const;

export interface PytorchOptions {
  readonly device: 'cpu' | 'cuda';
  /** Whether products may round to TF32, as gannet's do. */
  readonly tf32: boolean;
}

/** The first Python that has torch; undefined if there is none, or no script to time it with. */
export async function findPytorch(): Promise<string | undefined> {
  if (!existsSync(WORKER)) return undefined;
  for (const python of INTERPRETERS) {
    const found = await promisify(execFile)(python, ['-c', FINDS_TORCH]).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return undefined;
}

/** What worker.py says of its PyTorch. */
interface About {
  readonly torch: string;
  /** The BLAS library behind it; `reference` makes it unfairly slow. */
  readonly blas: string;
  readonly device: string;
}

interface Timing {
  readonly ms: number;
  readonly peakRssBytes: number;
}

/** A process that times PyTorch with its images in one format. */
class Worker {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private stderr = '';
  readonly about: Promise<About>;

  constructor(python: string, format: string, { device, tf32 }: PytorchOptions) {
    const threads = String(cpus().length);
    const flags = ['--format', format, '--threads', threads, '--device', device, ...(tf32 ? ['--tf32'] : [])];
    this.process = spawn(python, ['-B', WORKER, ...flags], { env: { ...process.env, OMP_NUM_THREADS: threads } });
    this.process.stderr.on('data', (text: Buffer) => {
      this.stderr += text;
    });
    this.process.on('error', ({ message }) => {
      this.stderr += message;
    });
    // A worker that is gone shows as the end of its answers.
    this.process.stdin.on('error', () => {});
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.about = this.answer<About>();
    // Whoever asks is told of a failure; nobody may ask.
    this.about.catch(() => {});
  }

  /** @throws DeviceError `pytorch_failed` */
  async ask(request: object): Promise<Timing> {
    await this.about;
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.answer<Timing>();
  }

  private async answer<T>(): Promise<T> {
    const { value, done } = await this.lines.next();
    if (!done) return JSON.parse(value) as T;
    const reason = this.stderr.trim().split('\n').at(-1);
    throw new DeviceError(
      'pytorch_failed',
      `scripts/bench/worker.py ended early: ${reason}\n  \`--peers\` leaves PyTorch out.`,
    );
  }

  close(): void {
    this.process.stdin.end();
  }
}

/** PyTorch as a peer. */
export class Pytorch {
  /** `PyTorch 1.13.0 (openblas)` */
  readonly description: string;
  private readonly startWorkers: () => Workers;
  private readonly shared: Workers;

  private constructor({ torch, blas, device }: About, startWorkers: () => Workers, shared: Workers) {
    this.description = `PyTorch ${torch} (${device === 'cpu' ? blas : device})`;
    this.startWorkers = startWorkers;
    this.shared = shared;
  }

  /** @throws DeviceError `pytorch_failed` */
  static async start(python: string, options: PytorchOptions): Promise<Pytorch> {
    const startWorkers = () => FORMATS.map((format) => new Worker(python, format, options));
    const workers = startWorkers();
    const [about] = await Promise.all(workers.map((worker) => worker.about));
    return new Pytorch(about as About, startWorkers, workers);
  }

  /** Makes a task ready in the faster of the memory formats. @param apart in a process of its own, whose memory is then the task's
   *  alone @throws DeviceError `pytorch_failed` */
  async open(task: PytorchTask, { apart }: { readonly apart: boolean }): Promise<OpenContestant> {
    const workers = apart ? this.startWorkers() : this.shared;
    const first: number[] = [];
    for (const worker of workers) first.push((await worker.ask({ prepare: task })).ms);
    const channelsLast = first.indexOf(Math.min(...first));
    const worker = workers[channelsLast] as Worker;
    let peakRssBytes = 0;
    return {
      warmMs: first[channelsLast] as number,
      measure: async (runs) => {
        const timing = await worker.ask({ runs });
        peakRssBytes = timing.peakRssBytes;
        return timing.ms;
      },
      details: () => ({ channelsLast, ...(apart && { peakRssBytes }) }),
      close: () => {
        if (apart) closeAll(workers);
      },
    };
  }

  close(): void {
    closeAll(this.shared);
  }
}

/** One for each of FORMATS. */
type Workers = readonly Worker[];

const closeAll = (workers: Workers): void => {
  for (const worker of workers) worker.close();
};
