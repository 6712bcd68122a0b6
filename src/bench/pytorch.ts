import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DeviceError } from '../errors.ts';
import { findTorch } from '../export/pytorch/python.ts';
import { PACKAGE_ROOT } from '../package.ts';
import type { OpenContestant, TriedForm } from './turns.ts';
import type { PytorchTask } from './workload.ts';

/** Comes with a checkout of the sources. */
const WORKER = join(PACKAGE_ROOT, 'scripts/bench/worker.py');
/** What PyTorch may take to make work ready in one form: torch.compile takes longest. */
const LONGEST_PREPARATION_MS = 90_000;

export interface PytorchOptions {
  readonly device: 'cpu' | 'cuda';
  /** How it multiplies: `bfloat16` by autocast. */
  readonly precision: 'float32' | 'tf32' | 'bfloat16';
}

/** How PyTorch does some work: how images lie in memory, and whether op by op, as a captured CUDA graph, or through torch.compile. */
interface Form {
  readonly format: 'contiguous' | 'channelsLast';
  readonly form: 'eager' | 'graph' | 'compiled';
}

const EAGER: readonly Form[] = [
  { format: 'contiguous', form: 'eager' },
  { format: 'channelsLast', form: 'eager' },
];
const GRAPH: Form = { format: 'channelsLast', form: 'graph' };
const COMPILED: Form = { format: 'channelsLast', form: 'compiled' };

/** The forms of work, the fastest of which counts. Compiling takes a minute, so it is for whole steps. */
const formsOf = (device: PytorchOptions['device'], wholeSteps: boolean): readonly Form[] => {
  if (device === 'cpu') return EAGER;
  return wholeSteps ? [...EAGER, GRAPH, COMPILED] : [...EAGER, GRAPH];
};

/** The first Python that has torch; undefined if there is none, or no script to time it with. */
export const findPytorch = async (): Promise<string | undefined> => (existsSync(WORKER) ? findTorch() : undefined);

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
  /** On a GPU. */
  readonly peakGpuBytes?: number;
}

interface Problem {
  readonly problem: string;
}

/** A process that times PyTorch in one form. */
class Worker {
  readonly form: Form;
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private stderr = '';
  readonly about: Promise<About>;

  constructor(python: string, form: Form, { device, precision }: PytorchOptions) {
    this.form = form;
    const threads = String(cpus().length);
    const how = ['--format', form.format, '--form', form.form, '--precision', precision];
    const flags = [...how, '--threads', threads, '--device', device];
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

  /** Makes a task ready, or says why it cannot be in this form. */
  async prepare(task: PytorchTask): Promise<Timing | Problem> {
    const timer = setTimeout(() => {
      this.stderr += `\nnot ready after ${LONGEST_PREPARATION_MS / 1000} s`;
      this.process.kill('SIGKILL');
    }, LONGEST_PREPARATION_MS);
    try {
      return await this.ask<Timing | Problem>({ prepare: task });
    } catch (error) {
      return { problem: (error as Error).message };
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws DeviceError `pytorch_failed` */
  run(runs: number): Promise<Timing> {
    return this.ask<Timing>({ runs });
  }

  private async ask<Answer>(request: object): Promise<Answer> {
    await this.about;
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.answer<Answer>();
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
  private readonly startWorkers: (wholeSteps: boolean) => Workers;
  private readonly shared: Workers;

  private constructor({ torch, blas, device }: About, startWorkers: (wholeSteps: boolean) => Workers, shared: Workers) {
    this.description = `PyTorch ${torch} (${device === 'cpu' ? blas : device})`;
    this.startWorkers = startWorkers;
    this.shared = shared;
  }

  /** @throws DeviceError `pytorch_failed` */
  static async start(python: string, options: PytorchOptions): Promise<Pytorch> {
    const startWorkers = (wholeSteps: boolean) =>
      formsOf(options.device, wholeSteps).map((form) => new Worker(python, form, options));
    const workers = startWorkers(false);
    const [about] = await Promise.all(workers.map((worker) => worker.about));
    return new Pytorch(about as About, startWorkers, workers);
  }

  /** Makes a task ready in its fastest form. @param apart for a whole step, in processes of its own, whose memory is then the task's
   *  alone @throws DeviceError `pytorch_failed` where no form can do it */
  async open(task: PytorchTask, { apart }: { readonly apart: boolean }): Promise<OpenContestant> {
    const workers = apart ? this.startWorkers(true) : this.shared;
    const tried: { readonly worker: Worker; readonly outcome: Timing | Problem }[] = [];
    for (const worker of workers) tried.push({ worker, outcome: await worker.prepare(task) });
    const forms = tried.map(({ worker, outcome }) => triedForm(worker.form, outcome));
    const fastest = fastestOf(tried);
    if (apart) closeAll(workers.filter((worker) => worker !== fastest?.worker));
    if (fastest === undefined)
      throw new DeviceError('pytorch_failed', `PyTorch cannot do this work: ${explain(forms)}`);
    const { worker, timing } = fastest;
    let last = timing;
    return {
      warmMs: timing.ms,
      measure: async (runs) => {
        last = await worker.run(runs);
        return last.ms;
      },
      details: () => ({
        channelsLast: Number(worker.form.format === 'channelsLast'),
        ...(apart && { peakRssBytes: last.peakRssBytes }),
        ...(apart && last.peakGpuBytes !== undefined && { peakGpuBytes: last.peakGpuBytes }),
      }),
      forms: () => forms,
      close: () => {
        if (apart) worker.close();
      },
    };
  }

  close(): void {
    closeAll(this.shared);
  }
}

const triedForm = ({ format, form }: Form, outcome: Timing | Problem): TriedForm => ({
  name: `${format} ${form}`,
  ...('ms' in outcome ? { ms: outcome.ms } : { problem: outcome.problem }),
});

function fastestOf(
  tried: readonly { readonly worker: Worker; readonly outcome: Timing | Problem }[],
): { readonly worker: Worker; readonly timing: Timing } | undefined {
  const ready = tried.flatMap(({ worker, outcome }) => ('ms' in outcome ? [{ worker, timing: outcome }] : []));
  return ready.sort((a, b) => a.timing.ms - b.timing.ms)[0];
}

const explain = (forms: readonly TriedForm[]): string =>
  forms.map(({ name, problem }) => `\n  ${name}: ${problem}`).join('');

type Workers = readonly Worker[];

const closeAll = (workers: Workers): void => {
  for (const worker of workers) worker.close();
};
