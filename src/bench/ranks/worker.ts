// One process, or each of several that mpirun has started: times whole training steps as the lines that the first one reads say.
import { createInterface } from 'node:readline';
import { type Device, type Executable, joinRanks, openDevice, type Ranks } from '../../device/index.ts';
import { resolveConfig } from '../../models/index.ts';
import { allReduceSum } from '../../ops/all_reduce.ts';
import { elements } from '../../tensor/shape.ts';
import { feed, trace } from '../../tensor/trace.ts';
import { createModel, TrainingSession } from '../../train/index.ts';

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
const STEP = 1;

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

/** A step of a recipe with so many images, of which this process has its part. */
async function openStep(device: Device, recipe: string, batch: number, ranks: Ranks | undefined) {
  const config = resolveConfig({ recipe, batch });
  const share = ranks && { rank: ranks.rank, ranks: ranks.ranks, block: batch / config.accumulation };
  const model = createModel(config, share);
  const session = await TrainingSession.open(model, device, share);
  await session.initialize();
  const count = (batch / (ranks?.ranks ?? 1)) * elements(model.discriminator.inputShape);
  const images = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.37));
  const batches = Array.from({ length: session.batchesIn(STEP) }, () => ({ images }));
  return () => session.step(STEP, batches, { fetch: true });
}

const { recipe, batches, threads } = JSON.parse(process.argv[2] as string) as WorkerTask;
const ranks = joinRanks(process.env);
const isFirst = (ranks?.rank ?? 0) === 0;
const device = openDevice('cpu', { threads });
const together = await Together.open(device);
const steps = new Map<number, () => Promise<unknown>>();
for (const batch of batches) steps.set(batch, await openStep(device, recipe, batch, ranks));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function nextTurn(): Promise<Turn> {
  const { value, done } = await lines.next();
  return done ? END : (JSON.parse(value) as Turn);
}

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
