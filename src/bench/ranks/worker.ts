// One process, or each of several that mpirun has started: times whole training steps as the lines that the first one reads say.
import { createInterface } from 'node:readline';
import { type Device, type Executable, joinRanks, openDevice } from '../../device/index.ts';
import { resolveConfig } from '../../models/index.ts';
import { allReduceSum } from '../../ops/all_reduce.ts';
import { feed, trace } from '../../tensor/trace.ts';
import { shareOf } from '../../train/ranks/process_group.ts';
import { readyStep } from '../training_step.ts';

/** The argument of a worker. */
export interface WorkerTask {
  readonly recipe: string;
  /** Images of all processes together that it can be asked for. */
  readonly batches: readonly number[];
  readonly threads: number;
}

/** A line that the first process reads, and what it is told by the others. */
export interface Turn {
  readonly batch: number;
  readonly runs: number;
}

/** A line that the first process writes. */
export interface Timed {
  /** Milliseconds of one step. */
  readonly ms: number;
}

const END: Turn = { batch: 0, runs: 0 };

/** What makes all processes do the same at the same time. */
class Together {
  private readonly device: Device;
  private readonly exchange: Executable;

  private constructor(device: Device, exchange: Executable) {
    this.device = device;
    this.exchange = exchange;
  }

  static async open(device: Device): Promise<Together> {
    return new Together(device, await device.load(trace('turn', () => ({ told: allReduceSum(feed('own', [2])) }))));
  }

  /** The first process's turn, on all; it returns on none before all have asked. */
  async agree({ batch, runs }: Turn): Promise<Turn> {
    const feeds = { own: Float32Array.of(batch, runs) };
    const { outputs } = await this.device.run([{ executable: this.exchange, feeds, fetch: true }]);
    const [told = 0, times = 0] = outputs[0]?.told ?? [];
    return { batch: told, runs: times };
  }
}

async function work({ recipe, batches, threads }: WorkerTask): Promise<void> {
  const ranks = joinRanks(process.env);
  const isFirst = (ranks?.rank ?? 0) === 0;
  const device = openDevice('cpu', { threads });
  const together = await Together.open(device);
  const steps = new Map<number, () => Promise<unknown>>();
  for (const batch of batches) {
    const config = resolveConfig({ recipe, batch });
    steps.set(batch, (await readyStep(device, config, ranks && shareOf(config, ranks))).take);
  }

  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const nextTurn = async (): Promise<Turn> => {
    const { value, done } = await lines.next();
    return done ? END : (JSON.parse(value) as Turn);
  };

  for (;;) {
    const { batch, runs } = await together.agree(isFirst ? await nextTurn() : END);
    const step = steps.get(batch);
    if (!step) break;
    const started = performance.now();
    for (let run = 0; run < runs; run++) await step();
    await together.agree(END);
    const timed: Timed = { ms: (performance.now() - started) / runs };
    if (isFirst) process.stdout.write(`${JSON.stringify(timed)}\n`);
  }
  lines.return?.();
  device.close();
  ranks?.end();
  ranks?.leave();
}

try {
  await work(JSON.parse(process.argv[2] as string) as WorkerTask);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  // mpirun ends the others.
  process.exit(1);
}
